import { once } from 'node:events'
import { createServer } from 'node:http'
import { runService } from '../child.ts'

// A small real service for the starter's tests. What it is asked for is how it behaves.
console.log('{"message":"loaded"}')

runService(async (settings) => {
  if (settings.ports.orders === 1) throw new Error('planted: cannot start')
  const server = createServer((request, response) => {
    if (request.url === '/crash') throw new Error('planted: crash')
    if (request.url === '/slow') return response.flushHeaders()
    response.end(`hello from ${process.pid}`)
  })
  server.listen(settings.ports.bff, '127.0.0.1')
  await once(server, 'listening')
  return {
    async close() {
      server.close()
      server.closeIdleConnections()
      await once(server, 'close')
      console.log('{"message":"closed"}')
    },
  }
})
