import t from 'tap'
import { eventName, eventSchemas } from '../../src/index.ts'

t.test('a type is named by a thing and what happened to it', async (t) => {
  for (const [type, name] of Object.entries({
    FileUploaded: 'file.uploaded',
    FileProcessingStarted: 'file.processing_started',
    ApiKeyRevoked: 'api_key.revoked',
    ServiceAccountCreated: 'service_account.created',
    PrivateDataErased: 'private_data.erased',
    LogCreated: 'log.created',
    ContentDestroyed: 'content.destroyed',
  })) {
    t.equal(eventName(type), name)
  }
})

t.test('every type has a name of its own', async (t) => {
  const names = Object.keys(eventSchemas).map(eventName)
  t.equal(new Set(names).size, names.length)
  for (const name of names) t.match(name, /^[a-z]+(_[a-z]+)?\.[a-z]+(_[a-z]+)*$/)
})
