import { expect, test } from 'vitest'
import { describeSettings, parseDemoRequest } from './settings.ts'

test('has a default for everything', () => {
  const { settings, verbose, help } = parseDemoRequest([], {})
  expect(settings.publicUrls).toEqual({
    bff: 'http://localhost:3000',
    identity: 'http://localhost:3001',
    orders: 'http://localhost:3011',
    inventory: 'http://localhost:3012',
  })
  expect(settings.dataDir).toMatch(/^\/.*\/\.sallyport\/demo$/)
  expect([verbose, help]).toEqual([false, false])
})

test('takes flags over the environment over defaults', () => {
  const { settings, verbose } = parseDemoRequest(['--port', '4000', '--verbose'], {
    BFF_PORT: '3500',
    ORDERS_PORT: '3511',
    SALLYPORT_DATA: '/tmp/elsewhere',
    ACCESS_TOKEN_SECONDS: '5',
    REFUND_MAX_AGE_SECONDS: '20',
  })
  expect(settings.ports).toEqual({ bff: 4000, identity: 3001, orders: 3511, inventory: 3012 })
  expect(settings.keyFiles.seal).toBe('/tmp/elsewhere/keys/seal.key')
  expect(settings.lifetimes).toMatchObject({ accessToken: 5, refundMaxAge: 20 })
  expect(verbose).toBe(true)
})

test('survives the way to another process', () => {
  const { settings } = parseDemoRequest([], {})
  expect(JSON.parse(JSON.stringify(settings))).toEqual(settings)
})

test('names every problem at once', () => {
  const environment = {
    IDENTITY_PORT: 'ninety',
    ORDERS_PORT: '70000',
    INVENTORY_PORT: '3000',
    ACCESS_TOKEN_SECONDS: '0',
    SESSION_IDLE_SECONDS: '50000',
  }
  const message = messageOf(() => parseDemoRequest(['--prot', '3100', '--data'], environment))
  expect(message.split('\n  ').map((line) => line.split(':')[0])).toEqual([
    "The demo's settings do not fit",
    '--prot',
    '3100',
    '--data',
    'IDENTITY_PORT',
    'ORDERS_PORT',
    'ACCESS_TOKEN_SECONDS',
    'INVENTORY_PORT',
    'SESSION_IDLE_SECONDS',
  ])
  expect(message).toContain('INVENTORY_PORT: 3000 is the port of BFF_PORT already')
  expect(message).toContain('there are --verbose, --help, --data, --port')
})

test.each(['', ' ', '1.5', '0x10', '1e3', '-1'])('takes no %j for a port', (text) => {
  expect(messageOf(() => parseDemoRequest([], { BFF_PORT: text }))).toContain('BFF_PORT: ')
})

test('explains every variable', () => {
  const help = describeSettings()
  expect(help).toContain('BFF_PORT, --port')
  expect(help).toContain('SESSION_ABSOLUTE_SECONDS')
})

function messageOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return String((error as Error).message)
  }
  throw new Error('it was accepted')
}
