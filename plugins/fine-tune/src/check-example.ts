import { checkChat } from './formats/chat.ts'
import { checkCompletions } from './formats/completions.ts'
import { checkPreference } from './formats/preference.ts'
import type { JsonObject } from './json-object.ts'
import { addIssue, type Report } from './report.ts'

/**
 * Tells an example's format by its keys and checks it.
 *
 * `messages` decides alone: a reinforcement example may have any other keys, `prompt` and `input` too.
 */
export function checkExample(report: Report, example: JsonObject): void {
  if (example.messages !== undefined) {
    checkChat(report, example)
  } else if (
    example.preferred_output !== undefined ||
    example.non_preferred_output !== undefined
  ) {
    checkPreference(report, example)
  } else if (example.prompt !== undefined || example.completion !== undefined) {
    checkCompletions(report, example)
  } else {
    addIssue(
      report,
      'missing_messages_list',
      "The example has no 'messages' list, nor 'prompt' and 'completion', nor 'input', 'preferred_output' and 'non_preferred_output'.",
      'messages',
    )
  }
}
