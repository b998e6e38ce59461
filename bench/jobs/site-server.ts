import { serveSite } from '../shared/site-server.ts'

// Without worker threads, on the tasks of the bench.
serveSite(new URL('site/', import.meta.url))
