import { type Html, html } from './html.ts'

/** What the sign-in page shows. */
export interface SignInView {
  clientName: string
  /** Where the form is sent: the interaction's own address. */
  action: string
  formToken: string
  username: string
  /** Why the last attempt failed. */
  problem?: string
}

/** The sign-in form: it posts `username` and `password`. */
export function signInPage({ clientName, action, formToken, username, problem }: SignInView): Html {
  const invalid = problem ? html` aria-invalid="true" aria-describedby="problem"` : undefined
  const focus = html` autofocus`
  return html`<h1>Sign in</h1>
<p class="lead">to continue to <strong>${clientName}</strong></p>
${problem && html`<div class="alert" role="alert" id="problem"><p>${problem}</p></div>`}
<form method="post" action="${action}">
<input type="hidden" name="form_token" value="${formToken}">
<label for="username">User name</label>
<input id="username" name="username" value="${username}" autocomplete="username" autocapitalize="none" spellcheck="false" maxlength="128" required${invalid}${!username && focus}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" maxlength="256" required${invalid}${username !== '' && focus}>
<button type="submit">Sign in</button>
<button class="quiet" type="submit" name="decision" value="cancel" formnovalidate>Cancel</button>
</form>`
}
