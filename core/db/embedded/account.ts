import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { DjetError } from '../../error.ts'

const exec = promisify(execFile)

/** The user of the operating system that a server runs as. */
export interface Account {
  readonly uid: number
  readonly gid: number
}

/**
 * The account to run PostgreSQL as when we are root, which it refuses: user `postgres`, made when missing; where
 * none can be made, `nobody`.
 *
 * @throws EMBEDDED_UNAVAILABLE
 */
export async function unprivilegedAccount(): Promise<Account> {
  const known = await accountOf('postgres')
  if (known !== undefined) return known
  await makeAccount('postgres')
  const account = (await accountOf('postgres')) ?? (await accountOf('nobody'))
  if (account !== undefined) return account
  throw new DjetError(
    'EMBEDDED_UNAVAILABLE',
    'PostgreSQL does not run as root, and no other user could be found or made (useradd postgres). ' +
      'Start Djet as another user, or let DATABASE_URL name a PostgreSQL server.',
  )
}

/**
 * Whether the account may enter a folder. Asked of the system itself, since access lists and mounts count too.
 *
 * @throws EMBEDDED_UNAVAILABLE when programs cannot be started as that user (a container without that right)
 */
export async function mayEnter(account: Account, folder: string): Promise<boolean> {
  return await mayRun(account, '/bin/sh', ['-c', 'cd "$1" && ls . > /dev/null', 'sh', folder])
}

/** Whether the account can run a program: its file and its libraries can be reached. */
export async function mayRun(account: Account, file: string, args: readonly string[]): Promise<boolean> {
  try {
    await exec(file, [...args], { uid: account.uid, gid: account.gid, cwd: '/' })
    return true
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'EPERM' && code !== 'EINVAL') return false
    throw new DjetError(
      'EMBEDDED_UNAVAILABLE',
      `PostgreSQL does not run as root, and this system does not let root start a program as user id ${account.uid}. ` +
        'Start Djet as another user, or let DATABASE_URL name a PostgreSQL server.',
      { cause: error },
    )
  }
}

async function accountOf(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([exec('id', ['-u', name]), exec('id', ['-g', name])])
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) }
  } catch {
    return undefined
  }
}

// One way for Debian, Fedora and their like, one for BusyBox.
async function makeAccount(name: string): Promise<void> {
  const ways: [string, string[]][] = [
    ['useradd', ['--system', '--user-group', '--no-create-home', '--shell', '/bin/false', name]],
    ['adduser', ['-S', '-D', '-H', '-s', '/bin/false', name]],
  ]
  for (const [command, args] of ways) {
    const made = await exec(command, args).then(
      () => true,
      () => false,
    )
    if (made) return
  }
}
