import { createPluginFile } from '@custody/plugin-api/host'
import { describeFault } from '../describe-fault.ts'
import { type ControlBlock, type FromThread, type ToThread, word } from '../protocol.ts'
import { collectIfAsked } from './collect-if-asked.ts'
import type { FollowedSource } from './followed-source.ts'
import { HostReads } from './host-reads.ts'
import { type LoadedModule, loadPlugins, UnloadableModule } from './load-plugins.ts'
import { abandon, memorySource, type OpenContent, openContent } from './open-content.ts'
import { planOf } from './plan-of.ts'
import { runPlan, type Step } from './run-plan.ts'
import { runReaction } from './run-reaction.ts'
import { SmallFiles } from './small-files.ts'

type Message<Kind> = Extract<ToThread, { kind: Kind }>

/** What happens in a worker thread: it loads the plugins and runs them over what the host sends. */
export class PluginThread {
  readonly #control: ControlBlock
  readonly #post: (message: FromThread) => void
  readonly #smallFiles: SmallFiles
  readonly #hostReads: HostReads
  /** By dialect, then purpose. */
  readonly #plans = new Map<string, Map<string, readonly Step[]>>()
  /** By slot, while the file is looked at. */
  readonly #controllers: (AbortController | undefined)[] = []
  #loaded: readonly LoadedModule[] = []
  #options: readonly unknown[] = []
  #followed: FollowedSource | undefined

  constructor(control: ControlBlock, post: (message: FromThread) => void) {
    this.#control = control
    this.#post = post
    this.#smallFiles = new SmallFiles(post)
    this.#hostReads = new HostReads(post)
  }

  async load(modules: readonly string[]): Promise<void> {
    try {
      this.#loaded = await loadPlugins(modules, (index) => {
        Atomics.store(this.#control.words, word.loading, index + 1)
      })
      const declarations = this.#loaded.map(({ declaration }) => declaration)
      this.#post({ kind: 'declared', declarations })
    } catch (error) {
      if (!(error instanceof UnloadableModule)) throw error
      this.#post({ kind: 'unloadable', reason: error.message })
    }
  }

  receive(message: ToThread): void {
    switch (message.kind) {
      case 'batch':
        this.#validateBatch(message)
        return
      case 'file':
        void this.#validateAlone(message)
        return
      case 'react':
        void this.#react(message)
        return
      case 'wake':
        this.#followed?.wake()
        return
      case 'abort': {
        const controller = this.#controllers[message.slot]
        if (controller !== undefined) abandon(controller, this.#followed)
        return
      }
      case 'bytes':
        this.#hostReads.answer(message.id, message.bytes)
        return
      case 'configure':
        this.#options = message.options
        this.#post({ kind: 'ready' })
    }
  }

  #validateBatch(message: Message<'batch'>): void {
    const { slots, dialects, purposes, names, sizes, bytes } = message
    let start = 0
    const files = slots.map((slot, i) => {
      const size = sizes[i] ?? 0
      const source = memorySource(new Uint8Array(bytes, start, size))
      start += size
      const run = () => {
        collectIfAsked(this.#control)
        const { signal } = this.#begin(slot)
        const purpose = purposes[i] ?? ''
        const name = names[i] ?? ''
        const file = createPluginFile(source, { name, purpose, signal })
        const steps = this.#stepsFor(purpose, dialects[i] ?? '')
        const reply = runPlan(steps, file, signal, (step) => {
          this.#mark(slot, step.index + 1)
          return undefined
        })
        if (typeof reply !== 'string') return reply.then((text) => this.#end(slot, text))
        return this.#end(slot, reply)
      }
      const onWaiting = () => {
        const at = word.slots + slot
        Atomics.store(this.#control.words, at, -Atomics.load(this.#control.words, at))
      }
      return { slot, run, onWaiting }
    })
    this.#smallFiles.push(files)
  }

  async #validateAlone(message: Message<'file'>): Promise<void> {
    const { slot, dialect, purpose, name, content } = message
    const controller = this.#begin(slot)
    const { signal } = controller
    let opened: OpenContent | undefined
    let reply: string
    try {
      opened = openContent(content, slot, this.#control, this.#hostReads, controller)
      const { followed } = opened
      this.#followed = followed
      const file = createPluginFile(opened, {
        name,
        purpose,
        signal,
        progress: this.#read,
      })
      const steps = this.#stepsFor(purpose, dialect)
      reply = await runPlan(steps, file, signal, (step, position) => {
        this.#mark(slot, step.index + 1)
        // Only a purpose's owner can know that a file may not have ended.
        return position === 0 ? undefined : followed?.ended()
      })
      if (reply.startsWith('f') && opened.error !== undefined) throw opened.error
    } catch (error) {
      reply = `i${describeFault(error)}`
    }
    this.#followed = undefined
    opened?.close()
    this.#post([slot, this.#end(slot, reply)])
  }

  async #react({ slot, plugin: name, event, content }: Message<'react'>): Promise<void> {
    const controller = this.#begin(slot)
    const { signal } = controller
    const index = this.#loaded.findIndex(({ plugin }) => plugin.name === name)
    const plugin = this.#loaded[index]?.plugin
    this.#mark(slot, index + 1)
    const opened: OpenContent[] = []
    const open = () => {
      if (content === null) throw new Error(`The file ${event.file.id} has ended.`)
      const source = openContent(
        content,
        slot,
        this.#control,
        this.#hostReads,
        controller,
      )
      opened.push(source)
      return createPluginFile(source, {
        name: event.file.filename ?? '',
        purpose: event.file.purpose,
        signal,
        progress: this.#read,
      })
    }
    const context = { options: this.#options[index], signal, open }
    let reply = plugin === undefined ? 'd{}' : await runReaction(plugin, event, context)
    const failed = opened.find(({ error }) => error !== undefined)
    if (reply.startsWith('f') && failed !== undefined) {
      reply = `i${describeFault(failed.error)}`
    }
    for (const source of opened) source.close()
    this.#post([slot, this.#end(slot, reply)])
  }

  readonly #read = (): void => {
    Atomics.add(this.#control.words, word.reads, 1)
    collectIfAsked(this.#control)
  }

  #begin(slot: number): AbortController {
    const controller = new AbortController()
    this.#controllers[slot] = controller
    return controller
  }

  #end(slot: number, reply: string): string {
    this.#mark(slot, 0)
    this.#controllers[slot] = undefined
    return reply
  }

  /** Shows the host which plugin a file has come to. */
  #mark(slot: number, value: number): void {
    Atomics.store(this.#control.words, word.slots + slot, value)
  }

  #stepsFor(purpose: string, dialect: string): readonly Step[] {
    const plans = this.#plans.get(dialect) ?? new Map<string, readonly Step[]>()
    this.#plans.set(dialect, plans)
    const known = plans.get(purpose)
    if (known !== undefined) return known
    const plugins = this.#loaded.map(({ plugin }) => plugin)
    const steps = planOf(purpose, dialect, plugins, this.#options)
    plans.set(purpose, steps)
    return steps
  }
}
