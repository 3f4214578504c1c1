import { mkdir, writeFile } from 'node:fs/promises'

/** One process, no log, connections that stay open: as fast as nginx is. */
const common = (folder: string) => `
daemon off; master_process off; worker_processes 1;
pid ${folder}/nginx.pid; error_log ${folder}/error.log error;
events { worker_connections 1024; }
http {
  access_log off; server_tokens off;
  keepalive_requests 1000000000; keepalive_timeout 300s;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
`

/** Bytes of the API's answer. */
const answerBytes = 1024

/** The API: answers each request with the same JSON. @returns nginx's arguments. */
export function writeUpstream(folder: string, port: number): Promise<string[]> {
  const json = `{"text":"${'x'.repeat(answerBytes - 11)}"}`
  return writeNginx(
    folder,
    `server { listen 127.0.0.1:${port}; default_type application/json;
    location / { return 200 '${json}'; } }`,
  )
}

/** A plain proxy: what anybody would have in front of an API without a BFF. */
export function writeProxy(folder: string, ports: { own: number; upstream: number }) {
  return writeNginx(
    folder,
    `upstream api { server 127.0.0.1:${ports.upstream}; keepalive 128; keepalive_requests 1000000000; }
  server { listen 127.0.0.1:${ports.own}; location / {
    proxy_pass http://api; proxy_http_version 1.1; proxy_set_header Connection ""; } }`,
  )
}

async function writeNginx(folder: string, servers: string): Promise<string[]> {
  await mkdir(folder, { recursive: true })
  await writeFile(`${folder}/nginx.conf`, `${common(folder)}${servers}\n}\n`)
  return ['-p', folder, '-c', `${folder}/nginx.conf`, '-e', `${folder}/error.log`]
}
