import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type * as client from 'openid-client'
import type { IdentityFixture } from './identity-fixture.ts'

/** An identity server in another process, on the folder of this one's. */
export interface SecondProcess {
  /** Sends what is meant for the issuer to that process. */
  fetch: client.CustomFetch
  /** Kills it without warning, if it is still there. */
  kill(): Promise<void>
}

/** Starts one; resolves when it takes requests. */
export async function startSecondProcess(identity: IdentityFixture): Promise<SecondProcess> {
  const { telemetry: _, ...options } = identity.options
  const file = join(identity.dataDir, 'second-process.json')
  writeFileSync(file, JSON.stringify(options))
  const script = fileURLToPath(new URL('./identity.child.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=sallyport-source', script, file], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const port = Number(await firstLine(child))
  return {
    fetch: (url, init) => send(new URL(url), port, init),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
    },
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error('the child has no output')
  for await (const line of createInterface({ input: child.stdout })) return line
  throw new Error('the child ended before it said its port')
}

/** As `fetch`, but to another port than the one in the Host header. */
function send(url: URL, port: number, init: client.CustomFetchOptions): Promise<Response> {
  const { method, headers, body } = init
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        path: url.pathname,
        method,
        headers: { ...headers, host: url.host },
      },
      async (res) => {
        const chunks: Buffer[] = []
        for await (const chunk of res) chunks.push(chunk)
        const type = String(res.headers['content-type'])
        const status = res.statusCode ?? 0
        resolve(new Response(Buffer.concat(chunks), { status, headers: { 'content-type': type } }))
      },
    )
    outgoing.on('error', reject)
    outgoing.end(body?.toString())
  })
}
