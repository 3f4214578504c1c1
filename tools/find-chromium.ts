import { findProgram } from './debian/find-program.ts'

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']

/** The path of the first Chromium on the PATH. */
export function findChromium(): string | undefined {
  return names.map(findProgram).find((file) => file !== undefined)
}
