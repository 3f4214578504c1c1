import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { vi } from 'vitest'
import {
  findFreePort,
  spawnServer,
} from '../../packages/session/src/testing/spawn-server.fixture.ts'
import { findProgram } from '../../tools/debian/find-program.ts'

/** Bytes of `/file`: more than a socket takes at once. */
export const fileBytes = 3_000_000

/** A real nginx that answers in all the ways it frames an answer. */
export async function startNginx(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'sallyport-nginx-'))
  const port = await findFreePort()
  const paths = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  await writeFile(join(folder, 'file'), 'x'.repeat(fileBytes))
  await writeFile(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid;
    error_log ${folder}/error.log; events {}
    http {
      access_log off; server_tokens off; default_type text/plain; keepalive_requests 3;
      ${paths.map((name) => `${name === 'body' ? 'client_body' : name}_temp_path ${folder}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port};
        location = /file { root ${folder}; }
        location = /coded { gzip on; gzip_min_length 1; gzip_types *; alias ${folder}/file; }
        location = /short { return 200 short; }
        location = /nothing { return 204; }
        location = /moved { return 302 /short; }
        location = /closed { keepalive_timeout 0; return 200 closed; }
        location = /large { client_max_body_size 1k; root ${folder}; }
      }
    }`,
  )
  const child = spawnServer(findProgram('nginx') ?? '/usr/sbin/nginx', [
    ...['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')],
  ])
  await vi.waitUntil(() => accepts(port), { timeout: 10_000 })
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGTERM')
      await gone
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function accepts(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect(port, '127.0.0.1', () => resolve(true))
  socket.on('error', () => resolve(false))
  return promise.finally(() => socket.destroy())
}
