import { type Html, html } from './html.ts'

/** What the sign-out question shows. */
export interface SignOutView {
  /** The application that sent the person here, when it is known. */
  clientName?: string | undefined
  accountName?: string | undefined
  action: string
  formToken: string
  /** Where "stay signed in" leads. */
  stayUri: string
}

/** Asks whether to sign out: another site may have sent the person here. */
export function signOutPage(view: SignOutView): Html {
  const { clientName, accountName, action, formToken, stayUri } = view
  return html`<h1>Sign out?</h1>
<p class="lead">${accountName && html`You are signed in as <strong>${accountName}</strong>. `}Signing out ends your session${clientName && html` at <strong>${clientName}</strong> and`} at all applications you use with it.</p>
<form method="post" action="${action}">
<input type="hidden" name="xsrf" value="${formToken}">
<button type="submit" name="logout" value="yes" autofocus>Sign out</button>
</form>
<a class="button quiet" href="${stayUri}">Stay signed in</a>`
}
