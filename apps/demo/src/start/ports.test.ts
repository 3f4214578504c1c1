import { once } from 'node:events'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { assertPortsFree } from './ports.ts'
import { findFreePort } from './testing/free-port.ts'

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

test('is content with free ports, and leaves them free', async () => {
  const ports = await freePorts()
  await assertPortsFree(ports)
  await assertPortsFree(ports)
})

test.each(['127.0.0.1', '0.0.0.0', '::1'])(
  'names the port that is taken on %s, the service and the variable',
  async (host) => {
    const taken = await listen(host)
    await expect(assertPortsFree({ ...(await freePorts()), orders: taken })).rejects.toMatchObject({
      code: 'ERR_PORT_TAKEN',
      message: `Port ${taken} is taken, so the orders API cannot start: free it or choose another one, as in "ORDERS_PORT=${taken + 100 > 65_535 ? taken - 100 : taken + 100} npm start".`,
    })
  },
)

test('names every taken port, one a line', async () => {
  const ports = { ...(await freePorts()), bff: await listen('127.0.0.1') }
  ports.inventory = await listen('127.0.0.1')
  const problem: unknown = await assertPortsFree(ports).catch((error: unknown) => error)
  expect(String(problem)).toMatch(/BFF_PORT=\d+ npm start".\n.*INVENTORY_PORT=\d+ npm start"\.$/)
})

async function freePorts() {
  const [bff, identity, orders, inventory] = await Promise.all([
    findFreePort(),
    findFreePort(),
    findFreePort(),
    findFreePort(),
  ])
  return { bff, identity, orders, inventory }
}

async function listen(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  servers.push(server)
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}
