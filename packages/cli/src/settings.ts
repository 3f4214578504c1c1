/** What the command takes from its surroundings: the variables that `$env` names. */
export const environment: Readonly<Record<string, string | undefined>> = process.env
