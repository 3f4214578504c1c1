import { spawnSync } from 'node:child_process'

/**
 * Debian starts a service as soon as its package is installed, unless this file says no. It is
 * there for the time of the installation only, and one that was there before stays as it is.
 */
const withoutStarting = `
  policy=/usr/sbin/policy-rc.d
  if [ ! -e $policy ]; then
    printf '#!/bin/sh\\nexit 101\\n' > $policy && chmod 755 $policy || exit 1
    trap 'rm -f $policy' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get update --quiet && apt-get install --yes --quiet --no-install-recommends "$@"`

/** Installs Debian's packages without starting a service. @returns what is in the way, in one sentence. */
export function installPackages(packages: readonly string[]): string | undefined {
  const names = packages.join(' and ')
  const byHand = `${names} not found: install with "apt-get install ${packages.join(' ')}" and try again.`
  if (!runs('apt-get', '--version')) return byHand
  const asRoot = process.getuid?.() === 0 ? [] : ['sudo', '--non-interactive']
  if (asRoot.length > 0 && !runs('sudo', '--non-interactive', 'true')) return byHand
  console.log(`Installing ${names} (once)…`)
  const words = [...asRoot, 'sh', '-c', withoutStarting, 'sh', ...packages]
  const { status, stderr } = spawnSync(words[0] as string, words.slice(1), {
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  })
  if (status === 0) return undefined
  return `${names} could not be installed. apt-get says: ${stderr.trim().split('\n').at(-1) ?? ''}`
}

function runs(program: string, ...rest: string[]): boolean {
  return spawnSync(program, rest, { stdio: 'ignore' }).status === 0
}
