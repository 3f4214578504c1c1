import type {
  csrfHeader,
  featurePaths,
  paths,
  problemTypePrefix,
  sessionClaims,
} from '@sallyport/core/contract'

// Of the contract one constant at a time: of its objects a page would load every member. The types
// hold both equal.
export const loginPath: typeof paths.login = '/bff/login'
export const userPath: typeof paths.user = '/bff/user'
export const logoutPath: typeof paths.logout = '/bff/logout'
export const eventsPath: typeof paths.events = '/bff/events'
export const silentLoginPath: typeof featurePaths.silentLogin = '/bff/silent-login'
export const sessionsPath: typeof featurePaths.sessions = '/bff/sessions'
export const csrfName: typeof csrfHeader.name = 'x-csrf'
export const csrfValue: typeof csrfHeader.value = '1'
export const expiresInClaim: typeof sessionClaims.expiresIn = 'bff:session_expires_in'
export const loginRequired: `${typeof problemTypePrefix}login_required` =
  'urn:sallyport:problem:login_required'
export const stepUpRequired: `${typeof problemTypePrefix}step_up_required` =
  'urn:sallyport:problem:step_up_required'
