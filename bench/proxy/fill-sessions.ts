import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { randomToken, systemClock } from '@sallyport/core'
import { createLmdbStore } from '@sallyport/session/lmdb'
import { createTelemetry } from '@sallyport/telemetry'
import { parseConfig } from '../../packages/bff/src/config.ts'
import { createSessions } from '../../packages/bff/src/sessions/create-sessions.ts'
import { type ProxyPlan, proxyGatewayOptions } from './proxy-options.ts'

/** Sessions that are written at once: as many share a commit. */
const atOnce = 64

/** Writes sessions as sign-ins would, and a file with their cookies, one a line. */
export async function fillSessions(plan: ProxyPlan, wanted: number): Promise<string> {
  const { bff } = proxyGatewayOptions(plan, ['node'])
  const store = createLmdbStore({ folder: `${plan.folder}/sessions` })
  const sessions = createSessions({
    ...{ config: parseConfig(bff), store, clock: systemClock, later() {} },
    log: createTelemetry({ service: 'bench', level: 'error' }).log,
  })
  const cookies: string[] = []
  const lane = async () => {
    while (cookies.length < wanted) {
      const at = cookies.push('') - 1
      const { setCookies } = await sessions.create(createStart(bff.issuer))
      cookies[at] = setCookies[0]?.split(';', 1)[0] as string
    }
  }
  await Promise.all(Array.from({ length: atOnce }, lane))
  await store.close()
  const file = `${plan.folder}/cookies.txt`
  await writeFile(file, cookies.join('\n'))
  return file
}

/** Tokens of the lengths that issuers give: JWTs with a signature. */
function createStart(issuer: string) {
  const now = systemClock()
  const claims = { iss: issuer, sub: randomToken(), sid: randomToken(), aud: 'bff', iat: now }
  const text = (bytes: number) => randomBytes(bytes).toString('base64url')
  return {
    claims: { ...claims, exp: now + 300, name: 'Alice Example', email: 'alice@example.com' },
    startedAt: now,
    content: {
      claims: { ...claims, name: 'Alice Example', email: 'alice@example.com' },
      ...{ idToken: text(500), refreshToken: randomToken() },
      accessTokens: {
        '': {
          ...{ accessToken: text(500), tokenType: 'Bearer' as const },
          ...{ obtainedAt: now, expiresAt: now + 36_000 },
        },
      },
    },
  }
}
