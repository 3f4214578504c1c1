/** An API in a process of its own, which answers every request with the number of its process. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { tellReady } from './child-process.ts'

const [{ port }] = (await once(process, 'message')) as [{ port: number }]
const server = createServer((_request, response) => response.end(String(process.pid)))
server.listen({ host: 'localhost', port })
await once(server, 'listening')
tellReady()
