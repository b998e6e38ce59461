import { createServer } from 'node:http'
import Koa from 'koa'
import { answerCalls } from '../shared/child.ts'
import { listenLocally } from './listen-locally.ts'

// The limit: Koa and nothing else, the same bytes each time.
const koa = new Koa()
let body = Buffer.alloc(0)
koa.use((ctx) => {
  ctx.type = 'html'
  ctx.body = body
})
const server = createServer(koa.callback())

answerCalls(
  {
    serve: (page: string) => {
      body = Buffer.from(page)
      return listenLocally(server)
    },
  },
  () => server.closeAllConnections(),
)
