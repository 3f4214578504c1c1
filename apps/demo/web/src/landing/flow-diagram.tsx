const summary =
  'The browser sends one HttpOnly cookie to the gateway. The gateway exchanges it for an access token ' +
  'and calls the orders API, which exchanges that for a token of its own to call the inventory API. ' +
  'Tokens come from the identity server to the gateway and never reach the browser.'

/** Who holds what: the cookie above the gate, the tokens below it. */
export function FlowDiagram() {
  return (
    <svg viewBox="0 0 440 520" role="img" aria-labelledby="flow-title" className="diagram">
      <title id="flow-title">{summary}</title>
      <rect className="zone" x="1" y="206" width="438" height="313" rx="18" />

      <g>
        <rect className="box" x="90" y="1" width="260" height="92" rx="14" />
        <path className="frame" d="M90 27h260" />
        <g className="dots">
          <circle cx="107" cy="14.5" r="3" />
          <circle cx="119" cy="14.5" r="3" />
          <circle cx="131" cy="14.5" r="3" />
        </g>
        <text className="name" x="220" y="54">
          Browser
        </text>
        <text className="note" x="220" y="77">
          this page, no token
        </text>
      </g>

      <path className="wire cookie" d="M220 93v58" />
      <path className="tip cookie" d="M213 144l7 9 7-9" />
      <rect className="pill cookie" x="138" y="107" width="164" height="28" rx="14" />
      <text className="label cookie" x="220" y="126">
        __Host-Http-bff
      </text>

      <g>
        <rect className="gate" x="60" y="156" width="320" height="100" rx="16" />
        <path className="doors" d="M84 232v-26a20 20 0 0 1 40 0v26M96 232v-22a8 8 0 0 1 16 0v22" />
        <path className="doors" d="M78 232h52" />
        <text className="gate-name" x="150" y="201">
          Gateway (BFF)
        </text>
        <text className="gate-note" x="150" y="225">
          cookie in, access token out
        </text>
      </g>

      <path className="wire token" d="M120 256v76" />
      <path className="tip token" d="M113 265l7-9 7 9M113 325l7 9 7-9" />
      <text className="label aside" x="108" y="292" textAnchor="end">
        sign-in,
      </text>
      <text className="label aside" x="108" y="309" textAnchor="end">
        refresh
      </text>

      <path className="wire token" d="M320 256v76" />
      <path className="tip token" d="M313 325l7 9 7-9" />
      <rect className="pill token" x="256" y="279" width="128" height="28" rx="14" />
      <text className="label token" x="320" y="298">
        access token
      </text>

      <Service x={20} y={337} name="Identity server" note="who you are" />
      <Service x={236} y={337} name="Orders API" note="its own token" />

      <path className="wire token" d="M328 401v34" />
      <path className="tip token" d="M321 428l7 9 7-9" />
      <text className="label aside" x="312" y="424" textAnchor="end">
        token exchange
      </text>
      <Service x={236} y={440} name="Inventory API" note="another token" />
      <text className="zone-name" x="24" y="474">
        No token leaves
      </text>
      <text className="zone-name" x="24" y="494">
        this area
      </text>
    </svg>
  )
}

function Service({ x, y, name, note }: { x: number; y: number; name: string; note: string }) {
  const middle = x + 92
  return (
    <g>
      <rect className="box" x={x} y={y} width="184" height="64" rx="14" />
      <text className="name" x={middle} y={y + 27}>
        {name}
      </text>
      <text className="note" x={middle} y={y + 49}>
        {note}
      </text>
    </g>
  )
}
