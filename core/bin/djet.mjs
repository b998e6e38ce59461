#!/usr/bin/env node
// The program `djet`: makes TypeScript loadable, then hands over to core/cli/main.ts.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`djet: Node.js 20.19 or newer is needed; this is ${process.versions.node}.`)
  process.exit(1)
}
const tsx = await import('tsx/esm/api').catch(() => undefined)
if (tsx === undefined) {
  console.error("djet: its packages are not installed. Run 'npm ci' first.")
  process.exit(1)
}
tsx.register()
const { main } = await import('../cli/main.ts')
await main(process.argv.slice(2))
