import { type Answer, type Browser, createBrowser } from '../world/browser.ts'
import type { ChaosWorld } from './chaos-world.ts'
import { type Findings, noteFailure, noteHeard } from './findings.ts'

/** The routes that take a user's token, one resource each. */
export const apiNames = ['orders', 'inventory'] as const

export interface ApiCall {
  api: (typeof apiNames)[number]
  /** Whose path it is. */
  subject: string
  /** Port of the gateway to go to. @defaultValue whichever the front chooses */
  port?: number
}

/** What a call came to: what an API said, that there is no session, or that something is down. */
export type CallResult = 'answered' | 'login_required' | 'unavailable'

/** Calls an API as the application's page does, and counts. */
export async function callApi(
  browser: Browser,
  { api, subject, port }: ApiCall,
  { world, findings }: { world: ChaosWorld; findings: Findings },
): Promise<CallResult> {
  const origin = port === undefined ? world.app : `http://localhost:${port}`
  const headers = ['host', new URL(world.app).host]
  findings.calls += 1
  const startedAtMs = performance.now()
  const answer = await browser
    .call(`${origin}/api/${api}/${encodeURIComponent(subject)}`, { headers })
    .catch(() => undefined)
  if (!answer) {
    noteFailure(findings, 'no answer')
    return 'unavailable'
  }
  noteHeard(findings, subject, startedAtMs)
  if (answer.status === 200) {
    findings.answered += 1
    return 'answered'
  }
  const code = problemCode(answer)
  noteFailure(findings, `${answer.status} ${code}`)
  return code === 'ERR_LOGIN_REQUIRED' ? 'login_required' : 'unavailable'
}

/** A browser that has stolen the session of another: it keeps what it has, whatever is answered. */
export function stealSession(browser: Browser): Browser {
  const thief = createBrowser()
  for (const [name, value] of browser.cookies) {
    if (name.startsWith('__Host-Http-bff')) thief.cookies.set(name, value)
  }
  return thief
}

function problemCode({ text }: Answer): string {
  try {
    return (JSON.parse(text) as { code?: string }).code ?? 'without a code'
  } catch {
    return 'without a problem'
  }
}
