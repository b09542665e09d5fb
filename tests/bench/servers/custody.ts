import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ChildServer, startChildServer } from './child-server.ts'

export type CustodyOptions = {
  /** Where it keeps everything. Default: a new folder. */
  readonly dataDir?: string
  /** Default: `node`. */
  readonly driver?: 'node' | 'sqlite3'
  /** Default: `off`. */
  readonly seal?: 'off' | 'encrypt' | 'compress+encrypt'
}

export interface Custody extends ChildServer {
  readonly dataDir: string
  /** What every request of a client carries. */
  readonly headers: Readonly<Record<string, string>>
}

const bin = fileURLToPath(
  new URL('../../../packages/server/bin/custody.ts', import.meta.url),
)
const apiKey = 'sk-custody-bench-key-of-the-default-project'

/** `custody serve`, as a user starts it: through its command line, with its plugins, keys and log. */
export async function startCustody(
  options: CustodyOptions & { readonly dataDir: string },
  nodeFlags: readonly string[],
): Promise<Custody> {
  const { dataDir, driver = 'node', seal = 'off' } = options
  const server = await startChildServer([...nodeFlags, bin, 'serve'], {
    env: {
      CUSTODY_DATA_DIR: dataDir,
      CUSTODY_PORT: '0',
      CUSTODY_SEAL: seal,
      CUSTODY_API_KEY: apiKey,
      CUSTODY_ADMIN_KEY: 'sk-custody-bench-key-of-the-administration',
      CUSTODY_LOG: 'json',
      CUSTODY_SQLITE_DRIVER: driver,
    },
    findAddress: (_stdout, pid) => addressIn(dataDir, pid),
  })
  return { ...server, dataDir, headers: { authorization: `Bearer ${apiKey}` } }
}

/** What the server says of itself in its data folder, once it is this process that says it. */
function addressIn(dataDir: string, pid: number): string | undefined {
  try {
    const text = readFileSync(join(dataDir, 'run', 'server.json'), 'utf8')
    const found: { pid?: unknown; address?: unknown } = JSON.parse(text)
    return found.pid === pid && typeof found.address === 'string'
      ? found.address
      : undefined
  } catch {
    return undefined
  }
}
