import { type Html, html } from './html.ts'

/** What the consent page shows. */
export interface ConsentView {
  clientName: string
  accountName: string
  action: string
  formToken: string
  /** Scopes of OpenID Connect that are asked for. */
  identityScopes: readonly string[]
  /** Scopes asked for at each resource. */
  resourceScopes: Readonly<Record<string, readonly string[]>>
}

const meanings: Record<string, [title: string, text: string]> = {
  openid: ['Know who you are', 'An identifier of your account'],
  profile: ['Read your profile', 'Your name and user name'],
  email: ['Read your e-mail address', ''],
  offline_access: ['Act while you are away', 'Keep its access after you have signed out'],
}

/** Asks whether an application may have what it wants. */
export function consentPage(view: ConsentView): Html {
  const { clientName, accountName, action, formToken } = view
  return html`<h1>Allow access?</h1>
<p class="lead"><strong>${clientName}</strong> would like to do this on behalf of <strong>${accountName}</strong>:</p>
<ul class="scopes">${items(view)}</ul>
<form method="post" action="${action}">
<input type="hidden" name="form_token" value="${formToken}">
<button type="submit" name="decision" value="allow">Allow</button>
<button class="quiet" type="submit" name="decision" value="cancel">Deny</button>
</form>`
}

function items({ identityScopes, resourceScopes }: ConsentView): Html[] {
  const identity = identityScopes.map((scope) => {
    const [title, text] = meanings[scope] ?? [scope, '']
    return item(title, text)
  })
  const resources = Object.entries(resourceScopes).flatMap(([identifier, scopes]) =>
    scopes.map((scope) => item(scope, `at ${identifier}`)),
  )
  return [...identity, ...resources]
}

function item(title: string, text: string): Html {
  return html`<li><b>${title}</b>${text && html`<span>${text}</span>`}</li>`
}
