import { writeFileSync } from 'node:fs'
import { errorsPage } from './errors-page.ts'

// Run after a change of the error table; error-table.test.ts tells when it was forgotten.
writeFileSync(new URL('../../../../docs/errors.md', import.meta.url), errorsPage())
