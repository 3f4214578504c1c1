import { expect, test } from 'vitest'
import { type AuditEvent, createAudit } from './audit.ts'
import { createLog, type LogOptions } from './log.ts'

function auditing(level: LogOptions['level']) {
  const lines: string[] = []
  const destination = { write: (line: string) => void lines.push(line) }
  const audit = createAudit(createLog({ service: 'bff', level: level ?? 'info', destination }))
  return { audit, lines: () => lines.map((line) => JSON.parse(line)) }
}

const done: AuditEvent = {
  ...{ event: 'session_revoked', outcome: 'done', action: 'end_all' },
  actor: { kind: 'operator', name: 'ops' },
  ...{ filter: { issuer: 'https://idp.example', subject: 'alice' }, sessions: 3 },
}

test('an act is one line, with who, what and how it came out', () => {
  const { audit, lines } = auditing('info')
  audit(done)
  audit({ ...done, outcome: 'refused', code: 'ERR_REQUEST_INVALID' })
  expect(lines()).toMatchObject([
    { ...done, audit: true, level: 'info', service: 'bff' },
    { outcome: 'refused', code: 'ERR_REQUEST_INVALID', level: 'warn' },
  ])
})

test('a log that keeps only errors keeps what was done as well; a silent one nothing', () => {
  const errors = auditing('error')
  errors.audit(done)
  expect(errors.lines()).toHaveLength(1)
  const silent = auditing('silent')
  silent.audit(done)
  expect(silent.lines()).toHaveLength(0)
})

test('what looks like a token is blanked here too', () => {
  const { audit, lines } = auditing('info')
  audit({ ...done, actor: { kind: 'operator', name: 'Bearer planted-secret-of-somebody' } })
  expect(JSON.stringify(lines())).not.toContain('planted-secret')
})
