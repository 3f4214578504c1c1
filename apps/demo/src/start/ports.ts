import { createServer } from 'node:net'
import { SallyportError } from '@sallyport/core'
import { type DemoSettings, portVariables, serviceNames } from '../settings.ts'
import { titles } from './titles.ts'

/** Listening on any of these would take the port from a service, or hide the service. */
const hosts = ['127.0.0.1', '::1', '0.0.0.0']

/**
 * Makes sure that every port can be listened on.
 *
 * @throws `ERR_PORT_TAKEN` in one sentence a port, each with the variable that moves the service.
 */
export async function assertPortsFree(ports: DemoSettings['ports']): Promise<void> {
  const problems: string[] = []
  for (const service of serviceNames) {
    const problem = await tryPort(ports[service])
    if (!problem) continue
    problems.push(
      `Port ${ports[service]} ${problem}, so the ${titles[service]} cannot start: free it or choose another one, as in "${portVariables[service]}=${suggestPort(ports[service])} npm start".`,
    )
  }
  if (problems.length > 0) throw new SallyportError('ERR_PORT_TAKEN', problems.join('\n'))
}

/** @returns what is in the way, or `undefined`. */
async function tryPort(port: number): Promise<string | undefined> {
  for (const host of hosts) {
    const code = await tryListen(port, host)
    if (code === 'EADDRINUSE') return 'is taken'
    if (code === 'EACCES') return 'is not open to this user'
    // Anything else is about the address, not the port: a machine without IPv6, say.
  }
  return undefined
}

function tryListen(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen({ port, host, exclusive: true }, () => server.close(() => resolve(undefined)))
  })
}

function suggestPort(port: number): number {
  return port < 1024 ? port + 8000 : port > 65_435 ? port - 100 : port + 100
}
