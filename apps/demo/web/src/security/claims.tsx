import type { Session } from '@sallyport/client'
import { useClient } from '../client-context.ts'

/** Who is signed in, as the BFF tells it. */
export function Claims({ session }: { session: Session }) {
  const client = useClient()
  return (
    <section className="card claims" aria-labelledby="claims-title" data-testid="claims">
      <div className="card-head">
        <h2 id="claims-title">Who am I</h2>
        <button
          type="button"
          className="button quiet small"
          // The demo's identity server has no list of accounts to choose from: it asks who it is.
          onClick={() => client.login({ prompt: 'login' })}
        >
          Switch account
        </button>
      </div>
      <p className="card-lead">
        What <code>GET /bff/user</code> tells this page: claims of the ID token, never the token.
      </p>
      <dl>
        {Object.entries(session.claims).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
