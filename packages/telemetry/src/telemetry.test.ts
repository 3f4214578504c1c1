import { describe, expect, test } from 'vitest'
import { createTelemetry, traceHeaders, traceId, withClientAddress } from './index.ts'

const incoming = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

function recorded() {
  const lines: string[] = []
  const telemetry = createTelemetry({
    service: 'orders',
    destination: { write: (line: string) => void lines.push(line) },
  })
  return { telemetry, lines, entries: () => lines.map((line) => JSON.parse(line)) }
}

describe('a service in a trace', () => {
  test('writes the client of a request into each line, also in and behind its span', async () => {
    const { telemetry, entries } = recorded()
    const asked = withClientAddress('198.51.100.7', () => {
      telemetry.log.info('first')
      return telemetry.serve(incoming, 'GET', async () => {
        await telemetry.call('GET', async () => telemetry.log.info('second'))
        telemetry.log.info('third')
      })
    })
    telemetry.log.info('another’s')
    withClientAddress('', () => telemetry.log.info('nobody’s'))
    await asked
    const found = Object.fromEntries(entries().map((one) => [one.message, one.client_address]))
    const client = '198.51.100.7'
    expect(found).toEqual({
      ...{ first: client, second: client, third: client },
      ...{ 'another’s': undefined, 'nobody’s': undefined },
    })
    expect(entries().find(({ message }) => message === 'third').trace_id).toMatch(/^4bf9/)
  })

  test('continues the trace of its caller, in its log and to the next service', async () => {
    const { telemetry, entries } = recorded()
    const outgoing = await telemetry.serve(incoming, 'GET /orders', async () => {
      telemetry.log.info('asked')
      return telemetry.call('GET', async () => traceHeaders().traceparent)
    })
    const [entry] = entries()
    expect(entry).toMatchObject({ service: 'orders', level: 'info', message: 'asked' })
    expect(entry.trace_id).toBe('4bf92f3577b34da6a3ce929d0e0e4736')
    expect(outgoing).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/)
    expect(outgoing).not.toContain('00f067aa0ba902b7')
    expect(outgoing).not.toContain(entry.span_id)
  })

  test.each([
    [undefined],
    [''],
    ['garbage'],
    [`${incoming}-x`],
    ['00-0-0-01'],
    [[incoming, incoming]],
  ])('starts a trace of its own when traceparent is %j', (traceparent) => {
    const { telemetry } = recorded()
    const id = telemetry.serve(traceparent, 'GET', () => traceId())
    expect(id).toMatch(/^[0-9a-f]{32}$/)
    expect(id).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736')
  })

  test('has no trace outside of a request', () => {
    expect(traceHeaders()).toEqual({})
    expect(traceId()).toBeUndefined()
  })
})

describe('the log', () => {
  test('blanks what looks like a token, wherever it stands', () => {
    const { telemetry, lines } = recorded()
    const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl'
    telemetry.log.error({ error: new Error(`bad ${jwt}`) }, `Bearer ${'a'.repeat(43)} refused`)
    telemetry.log.info({ path: '/bff/callback?code=SplxlOBe&state=af0ifjsl' }, 'odd')
    const text = lines.join('')
    expect(text).not.toMatch(/eyJ|aaaaaaaa|SplxlOBe|af0ifjsl/)
    expect(text).toContain('[redacted]')
  })

  test('keeps of an error its name, code, message and causes, and nothing else', () => {
    const { telemetry, entries } = recorded()
    const cause = Object.assign(new Error('refused'), { code: 'X', body: { refresh: 'planted' } })
    telemetry.log.error({ error: new Error('outer', { cause }) }, 'failed')
    const [{ error }] = entries()
    expect(error.cause).toEqual({ type: 'Error', message: 'refused', code: 'X' })
    expect(JSON.stringify(error)).not.toContain('planted')
  })
})
