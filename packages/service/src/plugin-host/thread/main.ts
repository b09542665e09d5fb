import { workerData } from 'node:worker_threads'
import { controlBlock, type FromThread, type ThreadData } from '../protocol.ts'
import { captureConsole } from './capture-console.ts'
import { PluginThread } from './plugin-thread.ts'
import { providePluginApi } from './provide-plugin-api.ts'

// Not `parentPort`: a library that a plugin uses may take that for its own.
const { port, memory, modules }: ThreadData = workerData
const post = (message: FromThread) => port.postMessage(message)
const thread = new PluginThread(controlBlock(memory), post)

captureConsole(post)
providePluginApi()
port.on('message', (message) => thread.receive(message))
await thread.load(modules)
