import type { Page } from 'playwright-core'

/** Something that reached the browser, and where. */
export interface Seen {
  readonly where: string
  readonly text: string
}

/** A response, as the browser got it. */
export interface TappedResponse {
  readonly url: string
  readonly status: number
  /** By lower-case name, in order. */
  readonly headers: readonly Header[]
  readonly body: string
}

type Header = readonly [name: string, value: string]

const eventStream = 'text/event-stream'

/** What listens in on one tab. */
export interface Wiretap {
  /** Waits for what is under way, and gives everything that came over the network until then. */
  collect(): Promise<TappedResponse[]>
}

/**
 * Listens in on a tab, from below the page: redirects, headers that no script may read, and the
 * body of each response are all there.
 */
export async function tap(page: Page): Promise<Wiretap> {
  const hops: { networkId: string; response: TappedResponse }[] = []
  const setCookies = new Map<string, Header[][]>()
  const underWay = new Set<Promise<void>>()
  const session = await page.context().newCDPSession(page)
  // The one header that a paused response does not show. All hops of a redirect have one id.
  session.on('Network.responseReceivedExtraInfo', ({ requestId, headers }) => {
    const earlier = setCookies.get(requestId) ?? []
    setCookies.set(requestId, [...earlier, readSetCookies(headers)])
  })
  session.on('Fetch.requestPaused', (paused) => {
    const recording = record(paused).finally(() => underWay.delete(recording))
    underWay.add(recording)
  })
  await session.send('Network.enable')
  await session.send('Fetch.enable', { patterns: [{ requestStage: 'Response' }] })

  type Paused = Parameters<Parameters<typeof session.on<'Fetch.requestPaused'>>[1]>[0]

  async function record(paused: Paused): Promise<void> {
    const { requestId, networkId = requestId, request } = paused
    const { responseStatusCode: status = 0, responseHeaders = [] } = paused
    const headers = responseHeaders.map(({ name, value }): Header => [name.toLowerCase(), value])
    if (headers.some(([name, value]) => name === 'content-type' && value === eventStream)) {
      return listen(networkId, { url: request.url, status, headers, body: '' }, requestId)
    }
    // Nothing shows the body of a redirect, and the browser does not give it away either.
    const hasBody = status >= 200 && (status < 300 || status >= 400)
    const { body, base64Encoded } = hasBody
      ? await session.send('Fetch.getResponseBody', { requestId })
      : { body: '', base64Encoded: false }
    const response: TappedResponse = {
      url: request.url,
      status,
      headers,
      body: base64Encoded ? Buffer.from(body, 'base64').toString('latin1') : body,
    }
    hops.push({ networkId, response })
    // A page that was left meanwhile no longer waits for it.
    await session.send('Fetch.continueRequest', { requestId }).catch(() => {})
  }

  /** A stream has no end to wait for: it goes to the page, and what comes is noted on its way. */
  async function listen(networkId: string, response: TappedResponse, requestId: string) {
    let body = ''
    const note = (base64: string) => {
      body += Buffer.from(base64, 'base64').toString('latin1')
    }
    hops.push({
      networkId,
      response: {
        ...response,
        get body() {
          return body
        },
      },
    })
    session.on('Network.dataReceived', ({ requestId: id, data }) => {
      if (id === networkId && data) note(data)
    })
    await session.send('Fetch.continueRequest', { requestId })
    const before = await session.send('Network.streamResourceContent', { requestId: networkId })
    note(before.bufferedData)
  }

  return {
    async collect() {
      await Promise.all(underWay)
      const left = new Map([...setCookies].map(([networkId, one]) => [networkId, [...one]]))
      return hops.map(({ networkId, response }) => {
        const cookies = left.get(networkId)?.shift() ?? []
        return { ...response, headers: [...response.headers, ...cookies] }
      })
    },
  }
}

function readSetCookies(headers: Readonly<Record<string, string>>): Header[] {
  return Object.entries(headers)
    .filter(([name]) => name.toLowerCase() === 'set-cookie')
    .flatMap(([, values]) => values.split('\n').map((value): Header => ['set-cookie', value]))
}

/** What the scripts of a page can get at: its document, what it keeps, and all strings in memory. */
export async function readPage(page: Page): Promise<Seen[]> {
  const kept = await page.evaluate(async () => {
    const databases = await indexedDB.databases()
    const caches = await window.caches.keys()
    return {
      'document.cookie': document.cookie,
      localStorage: JSON.stringify(localStorage),
      sessionStorage: JSON.stringify(sessionStorage),
      indexedDB: JSON.stringify(databases),
      caches: caches.join(),
      document: document.documentElement.outerHTML,
      location: location.href,
      referrer: document.referrer,
      history: JSON.stringify(history.state),
      'window.name': window.name,
      performance: JSON.stringify(performance.getEntries()),
    }
  })
  const seen = Object.entries(kept).map(([where, text]) => ({ where, text }))
  return [...seen, { where: 'memory', text: await readMemory(page) }]
}

async function readMemory(page: Page): Promise<string> {
  const session = await page.context().newCDPSession(page)
  const chunks: string[] = []
  session.on('HeapProfiler.addHeapSnapshotChunk', ({ chunk }) => chunks.push(chunk))
  await session.send('HeapProfiler.takeHeapSnapshot', { reportProgress: false })
  await session.detach()
  const { strings } = JSON.parse(chunks.join('')) as { strings: string[] }
  return strings.join('\n')
}
