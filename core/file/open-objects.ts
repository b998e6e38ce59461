import type { Readable } from 'node:stream'
import type { Config } from '../config.ts'
import type { ByteRange, ObjectStore } from './object-store.ts'

/** Where the bytes of a site's files go; undefined: into the database. */
export function openObjects({ files }: Pick<Config, 'files'>): ObjectStore | undefined {
  if (files.store === 'database') return undefined
  return new LoadedLater(async () => {
    const { S3Store } = await import('./s3.ts')
    return new S3Store(files)
  })
}

/** The client of S3 takes time and memory, which commands and worker threads without files do without. */
class LoadedLater implements ObjectStore {
  readonly #load: () => Promise<ObjectStore>
  #loading: Promise<ObjectStore> | undefined

  constructor(load: () => Promise<ObjectStore>) {
    this.#load = load
  }

  async put(key: string, content: AsyncIterable<Buffer>, type: string): Promise<void> {
    await (await this.#store()).put(key, content, type)
  }

  async get(key: string, range?: ByteRange): Promise<Readable> {
    return (await this.#store()).get(key, range)
  }

  async delete(key: string): Promise<void> {
    await (await this.#store()).delete(key)
  }

  close(): void {
    this.#loading?.then((store) => store.close()).catch(() => {})
  }

  #store(): Promise<ObjectStore> {
    this.#loading ??= this.#load()
    return this.#loading
  }
}
