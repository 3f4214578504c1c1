import { installPackages } from './debian/install-packages.ts'
import { findChromium } from './find-chromium.ts'

const found = findChromium()
if (found) {
  console.log(`Chromium is there: ${found}`)
} else {
  const problem = installPackages(['chromium'])
  if (problem || !findChromium()) {
    console.error(problem ?? 'apt-get installed chromium, but no "chromium" is on the PATH.')
    process.exit(1)
  }
}
