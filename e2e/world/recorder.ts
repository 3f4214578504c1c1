import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'

/** What an upstream got to see of a request. */
export interface Recorded {
  method: string
  path: string
  rawHeaders: string[]
  header(name: string): string | undefined
  body: string
}

/** An upstream that writes down what it is asked and answers as it is told. */
export interface Recorder {
  readonly server: Server
  readonly requests: Recorded[]
  /** Replaces the answer; without it, JSON with the path. */
  answer: RequestListener | undefined
}

export function createRecorder(): Recorder {
  const requests: Recorded[] = []
  const recorder: Recorder = { server: createServer(listener), requests, answer: undefined }
  return recorder

  function listener(...[request, response]: Parameters<RequestListener>): void {
    if (recorder.answer) {
      record(request, '')
      recorder.answer(request, response)
      return
    }
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      record(request, Buffer.concat(chunks).toString())
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ path: request.url }))
    })
  }

  function record(request: IncomingMessage, body: string): void {
    const { rawHeaders, method = '', url = '' } = request
    const header = (name: string) => {
      const at = rawHeaders.findIndex((text, i) => i % 2 === 0 && text.toLowerCase() === name)
      return at < 0 ? undefined : rawHeaders[at + 1]
    }
    requests.push({ method, path: url, rawHeaders, header, body })
  }
}
