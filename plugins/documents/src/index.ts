import { definePlugin } from '@custody/plugin-api'
import { allTypes, documentTypes } from './file-types.ts'
import { validatorOf } from './validate-document.ts'

const MAX_BYTES = Math.max(
  ...Object.values(documentTypes).map(({ maxBytes }) => maxBytes),
)

/** Documents and images for processing: PDF, Word, Excel, texts; told by extension and content. */
export default definePlugin({
  name: '@custody/plugin-documents',
  version: '1.0.0',
  api: 1,
  purposes: {
    document: {
      direction: 'input',
      dialects: ['gateflow'],
      extensions: Object.keys(documentTypes),
      maxBytes: MAX_BYTES,
      maxBytesByExtension: Object.fromEntries(
        Object.entries(documentTypes).map(([extension, type]) => [
          extension,
          type.maxBytes,
        ]),
      ),
      validate: validatorOf(documentTypes),
    },
  },
  checks: {
    assistants: { dialects: ['gateflow'], validate: validatorOf(allTypes) },
  },
})
