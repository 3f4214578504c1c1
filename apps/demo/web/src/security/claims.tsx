import type { Session } from '@sallyport/client'

/** Who is signed in, as the BFF tells it. */
export function Claims({ session }: { session: Session }) {
  return (
    <section className="card claims" aria-labelledby="claims-title" data-testid="claims">
      <h2 id="claims-title">Who am I</h2>
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
