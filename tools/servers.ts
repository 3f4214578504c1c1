import { findProgram } from './debian/find-program.ts'
import { installPackages } from './debian/install-packages.ts'

const wanted = [
  { package: 'redis-server', programs: ['redis-server', 'redis-cli'] },
  { package: 'postgresql', programs: ['initdb', 'postgres'] },
  { package: 'nginx-light', programs: ['nginx'] },
]

const missing = wanted.filter(({ programs }) => !programs.every(findProgram))
if (missing.length === 0) {
  console.log('Redis, PostgreSQL and nginx are there.')
} else {
  const packages = missing.map((one) => one.package)
  const problem = installPackages(packages)
  if (problem || !missing.every(({ programs }) => programs.every(findProgram))) {
    console.error(problem ?? `apt-get installed ${packages.join(' and ')}, but not its programs.`)
    process.exit(1)
  }
}
