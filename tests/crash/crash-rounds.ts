import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import {
  clientForms,
  commandOf,
  environment,
  gapsOf,
  garbageOf,
  readEvents,
  spawnServer,
  stagedFiles,
  sweepDataFolder,
  type TestServer,
  testSettings,
  until,
} from '@custody/testkit'
import { createRandom, type Random } from './random.ts'
import { World } from './world.ts'

export type CrashOptions = {
  readonly rounds: number
  readonly seed: number
  /** A folder of its own. */
  readonly dataDir: string
  /** Told of each round when it has ended. */
  readonly report: (line: string) => void
}

const CLIENTS = 6
const KiB = 1024

/** Old files whose content is looked at in each round; at the end all are. */
const SAMPLE = 40

/**
 * Kills a server again and again while clients upload and delete, and looks each time whether what it had
 * answered holds. Resolves to what does not.
 */
export async function crashRounds(options: CrashOptions): Promise<readonly string[]> {
  const { rounds, dataDir, report } = options
  const random = createRandom(options.seed)
  const world = new World()
  for (let round = 1; round <= rounds && world.faults.length === 0; round += 1) {
    if (random.chance(0.3)) await killDuringStart(dataDir, random.integer(50, 900))
    const server = await spawnServer({ dataDir })
    let answers = 0
    try {
      await check(server, world, sample(world.there, random))
      answers = await disturb(server, world, random, round)
    } finally {
      await server.kill()
    }
    report(`round ${round}: killed after ${answers} answers`)
  }
  if (world.faults.length > 0) return world.faults

  await finish(dataDir, world)
  report(`${world.there.length} files are there, and ${world.gone.length} are gone`)
  return world.faults
}

/** Ends a server that has not come to serve yet, or has just now. */
async function killDuringStart(dataDir: string, afterMs: number): Promise<void> {
  const child = spawn(...commandOf(['serve']), {
    env: environment({ ...testSettings, CUSTODY_DATA_DIR: dataDir }),
    cwd: '/',
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  await delay(afterMs)
  child.kill('SIGKILL')
  await ended
}

/** Clients upload and delete until the server is killed. Resolves to the number of answers. */
async function disturb(
  server: TestServer,
  world: World,
  random: Random,
  round: number,
): Promise<number> {
  const { api } = server
  let answers = 0
  let isKilled = false

  const upload = async (filename: string) => {
    const isLarge = random.chance(0.25)
    const size = isLarge
      ? random.integer(64 * KiB + 1, 1500 * KiB)
      : random.integer(1, 64 * KiB)
    const content = random.bytes(size)
    const write = random.pick(Object.values(clientForms)) ?? clientForms.curl
    world.uploading(filename, content)
    const answer = await api.upload(write({ purpose: 'user_data', filename, content }))
    if (answer.status === 200) world.uploaded(answer.json())
    else world.faults.push(`an upload was answered ${answer.status} ${answer.text}`)
  }
  const remove = async (id: string) => {
    world.deleting(id)
    const { status, text } = await api.delete(id)
    if (status === 200 || status === 404) world.deleted(id, status)
    else world.faults.push(`a delete was answered ${status} ${text}`)
  }
  const client = async (name: number) => {
    for (let n = 0; !isKilled && world.faults.length === 0; n += 1) {
      // Clients choose among the same files, so that some are deleted by two at once.
      const id = random.chance(0.3) ? random.pick(world.there.slice(0, 10)) : undefined
      try {
        await (id === undefined ? upload(`${round}-${name}-${n}.bin`) : remove(id))
        answers += 1
      } catch (error) {
        if (!isKilled) world.faults.push(`no answer: ${error}`)
      }
    }
  }
  const clients = Array.from({ length: CLIENTS }, (_, name) => client(name))

  const enough = random.integer(5, 120)
  await until(
    'the moment of the kill',
    () => answers >= enough || world.faults.length > 0,
    {
      deadlineMs: 60_000,
    },
  )
  await delay(random.integer(0, 40))
  isKilled = true
  await server.kill()
  await Promise.all(clients)
  return answers
}

/** Looks at a server that has just begun. */
async function check(
  server: TestServer,
  world: World,
  older: readonly string[],
): Promise<void> {
  const { api, dataDir } = server
  const staged = stagedFiles(dataDir)
  if (staged.length > 0) world.faults.push(`${staged.length} files are staged`)
  const before = new Set(world.there)
  world.compare(await api.listAll())
  for (const id of world.gone.slice(-SAMPLE)) {
    const { status } = await api.get(id)
    if (status !== 404) world.faults.push(`${id} is gone, and answered ${status}`)
  }
  const recent = world.there
    .filter((id) => !before.has(id))
    .concat(world.there.slice(-150))
  for (const id of new Set([...recent, ...older])) {
    const { status, bytes } = await api.content(id)
    if (status === 200) world.checkContent(id, bytes)
    else if (world.there.includes(id)) {
      world.faults.push(`the content of ${id} was answered ${status}`)
    }
  }
  world.faults.push(...gapsOf(await readEvents(dataDir)))
  const replay = await server.custody('audit', 'replay')
  if (replay.code !== 0) world.faults.push(`replay: ${replay.stdout}${replay.stderr}`)
}

function sample(ids: readonly string[], random: Random): string[] {
  return Array.from(
    { length: Math.min(SAMPLE, ids.length) },
    () => random.pick(ids) ?? '',
  )
}

/** Stops in order; then nothing is left that should not be, and everything else is still there. */
async function finish(dataDir: string, world: World): Promise<void> {
  const server = await spawnServer({ dataDir })
  try {
    await check(server, world, world.there)
    await until('the end of the garbage', async () => (await garbageOf(dataDir)) === 0)
  } finally {
    const code = await server.stop()
    if (code !== 0) world.faults.push(`the server ended with code ${code}`)
  }
  const first = await sweepDataFolder(dataDir)
  if (first.missing.length > 0) world.faults.push(`lost content: ${first.missing}`)
  const second = await sweepDataFolder(dataDir)
  if (second.orphans.length > 0) world.faults.push(`orphans remain: ${second.orphans}`)

  const again = await spawnServer({ dataDir })
  try {
    await check(again, world, world.there)
  } finally {
    await again.stop()
  }
}
