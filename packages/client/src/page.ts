/** The globals of a web page that a client uses. Of a server's `globalThis` it uses none. */
export interface Page {
  fetch: typeof fetch
  crypto: Pick<Crypto, 'randomUUID'>
  document?: Pick<Document, 'visibilityState' | 'addEventListener'>
  location: Pick<Location, 'href' | 'origin' | 'pathname' | 'search' | 'hash' | 'assign'>
  BroadcastChannel: new (name: string) => Pick<BroadcastChannel, 'postMessage' | 'onmessage'>
  addEventListener(type: 'pageshow', listener: (event: PageTransitionEvent) => void): void
}
