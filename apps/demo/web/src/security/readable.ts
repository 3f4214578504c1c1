/** Somewhere a script of this page can read, and all that is there. */
export interface Place {
  name: string
  text: string
  /** What is there, in words: `2 entries`. */
  count: string
  /** Short enough to show as it is. */
  isShort: boolean
}

/**
 * Reads every place where a page of this origin can keep something.
 *
 * @param session what the client keeps in memory
 */
export async function collectReadable(session: unknown): Promise<Place[]> {
  const [databases, cached] = await Promise.all([readDatabases(), readCaches()])
  const globals = readGlobals()
  return [
    short('document.cookie', document.cookie),
    short('localStorage', readStorage(localStorage)),
    short('sessionStorage', readStorage(sessionStorage)),
    short('indexedDB', databases.join('\n')),
    short('Cache Storage', cached.join('\n')),
    short('window.name', window.name),
    long('Session in memory', [JSON.stringify(session)], 'object'),
    long('Globals', globals, 'own text variables of window'),
    long('History', [location.href, JSON.stringify(history.state)], 'values'),
    long('Document', [document.documentElement.outerHTML], 'document'),
    long('Requests', readRequests(), 'URLs'),
  ]
}

function short(name: string, text: string): Place {
  return { name, text, count: `${text.length} characters`, isShort: true }
}

function long(name: string, texts: string[], unit: string): Place {
  return { name, text: texts.join('\n'), count: `${texts.length} ${unit}`, isShort: false }
}

function readStorage(storage: Storage): string {
  return Object.entries(storage)
    .map(([key, value]) => `${key}=${value}`)
    .join('\n')
}

async function readDatabases(): Promise<string[]> {
  const known = await indexedDB.databases()
  const texts = known.map(async ({ name = '' }) => {
    const database = await settle(indexedDB.open(name))
    const stores = [...database.objectStoreNames].map(async (storeName) => {
      const store = database.transaction(storeName).objectStore(storeName)
      return `${name}/${storeName}: ${JSON.stringify(await settle(store.getAll()))}`
    })
    const contents = await Promise.all(stores)
    database.close()
    return contents.join('\n') || name
  })
  return Promise.all(texts)
}

function settle<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
}

async function readCaches(): Promise<string[]> {
  const names = await caches.keys()
  const texts = names.map(async (name) => {
    const cache = await caches.open(name)
    const responses = await cache.matchAll()
    const bodies = await Promise.all(responses.map((response) => response.text()))
    return `${name}: ${bodies.join('\n')}`
  })
  return Promise.all(texts)
}

function readGlobals(): string[] {
  return Object.entries(Object.getOwnPropertyDescriptors(window))
    .filter(([, { value }]) => typeof value === 'string')
    .map(([name, { value }]) => `${name}=${value}`)
}

function readRequests(): string[] {
  return performance.getEntriesByType('resource').map(({ name }) => name)
}
