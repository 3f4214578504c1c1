/** The globals of a web page that its session's events use. */
export interface EventsPage {
  BroadcastChannel: new (
    name: string,
  ) => Pick<BroadcastChannel, 'postMessage' | 'onmessage' | 'close'>
  crypto: Pick<Crypto, 'getRandomValues'>
  document?: Pick<Document, 'visibilityState' | 'addEventListener'>
  /** Without Web Locks each visible tab holds a stream of its own. */
  navigator?: { locks?: Pick<LockManager, 'request'> | undefined }
  addEventListener(type: 'pagehide', listener: () => void, options: AddEventListenerOptions): void
}
