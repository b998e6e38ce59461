export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON. */
  json<T = Record<string, unknown>>(): T
  /** Path and query of a redirect. */
  readonly location: string | null
}

export interface Posting {
  headers?: Record<string, string>
  /** Without the token that forms carry. */
  withoutToken?: boolean
}

/** Someone who visits a site: keeps cookies, does not follow redirects, sends forms with their token. */
export class Visitor {
  readonly base: string
  readonly #cookies = new Map<string, string>()

  constructor(base: string) {
    this.base = base
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.request('GET', path, undefined, headers)
  }

  /** The page as JSON. */
  async json<T = Record<string, unknown>>(path: string): Promise<T> {
    return (await this.get(path, { accept: 'application/json' })).json<T>()
  }

  /** Sends a form: fields, or a `FormData` with files. */
  async post(path: string, form: Record<string, string> | FormData, posting: Posting = {}): Promise<Answer> {
    const token = posting.withoutToken ? undefined : await this.token()
    if (form instanceof FormData) {
      const body = new FormData()
      if (token) body.set('_csrf', token)
      for (const [name, value] of form) body.append(name, value)
      return this.request('POST', path, body, posting.headers)
    }
    return this.request(
      'POST',
      path,
      new URLSearchParams({ ...(token ? { _csrf: token } : {}), ...form }),
      posting.headers,
    )
  }

  async token(): Promise<string> {
    return (await this.json<{ csrfToken: string }>('/-/session')).csrfToken
  }

  /** @throws when the login is refused */
  async login(login: string, password: string): Promise<this> {
    const answer = await this.post('/login', { login, password })
    if (answer.status !== 303) throw new Error(`login of ${login} answered ${answer.status}`)
    return this
  }

  /** What he sends as `Cookie`. */
  cookie(): string {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async request(
    method: string,
    path: string,
    body?: string | URLSearchParams | FormData | Uint8Array,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const cookie = this.cookie()
    const response = await fetch(this.base + path, {
      method,
      redirect: 'manual',
      headers: { ...(cookie ? { cookie } : {}), ...headers },
      ...(body === undefined ? {} : { body }),
    })
    for (const line of response.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const at = pair.indexOf('=')
      const [name, value] = [pair.slice(0, at), pair.slice(at + 1)]
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: () => JSON.parse(text),
      location: response.headers.get('location'),
    }
  }
}
