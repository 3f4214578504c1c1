import { useCallback, useEffect, useState } from 'react'
import { useClient } from '../client-context.ts'
import { collectReadable, type Place } from './readable.ts'
import { findTokens } from './token-scan.ts'

/** What any script of this page can read, and the tokens among it. */
export function BrowserView() {
  const client = useClient()
  const [places, setPlaces] = useState<Place[]>()
  const scan = useCallback(() => {
    void collectReadable(client.getSnapshot()).then(setPlaces)
  }, [client])
  useEffect(scan, [scan])

  const found = places?.flatMap(({ name, text }) =>
    findTokens(text).map((kind) => ({ name, kind })),
  )
  const characters = places?.reduce((sum, { text }) => sum + text.length, 0) ?? 0

  return (
    <section className="card browser-view" aria-labelledby="browser-title">
      <h2 id="browser-title">What the browser can see</h2>
      <p className="card-lead">
        Read just now by this page’s own script, which could be anybody’s after an injection.
      </p>
      <div className="scan">
        <p role="status" className={found?.length ? 'scan-count bad' : 'scan-count'}>
          <strong data-testid="tokens-found">{found ? found.length : '–'}</strong>
          <span>
            {found?.length === 1 ? 'token' : 'tokens'} found in{' '}
            <span className="nowrap">{characters.toLocaleString('en')} characters</span>
            {found?.map(({ name, kind }) => (
              <span key={`${name} ${kind}`} className="scan-hit">
                {kind} in {name}
              </span>
            ))}
          </span>
        </p>
        <button type="button" className="button quiet small" onClick={scan}>
          Scan again
        </button>
      </div>
      <dl className="places">
        <div className="hidden-cookie">
          <dt>
            <code>__Host-Http-bff</code>
          </dt>
          <dd>
            Out of reach: HttpOnly. The browser sends it with each request to this origin and shows
            it to no script.
          </dd>
        </div>
        {places?.map(({ name, text, count, isShort }) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd data-testid={`place-${name}`}>
              {isShort ? <code>{text || '(empty)'}</code> : `${count}, scanned`}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
