import { typeWithArticle } from '../json-object.ts'
import { addIssue, isHopeless, type Report } from '../report.ts'
import { checkMessage } from './check-message.ts'
import type { Conversation } from './conversation.ts'

/**
 * Checks a list of messages.
 *
 * @param at path of the list in the line, such as `input.messages`.
 * @returns undefined when there is no such list.
 */
export function checkMessages(
  report: Report,
  messages: unknown,
  at: string,
  tools: unknown,
): Conversation | undefined {
  if (!Array.isArray(messages)) {
    const message =
      messages === undefined
        ? `Missing required parameter: '${at}'.`
        : `Invalid type for '${at}': expected an array of objects, but got ${typeWithArticle(messages)} instead.`
    addIssue(report, 'missing_messages_list', message, at)
    return undefined
  }
  if (messages.length === 0) {
    const message = `Invalid '${at}': empty array. Expected an array with at least one message.`
    addIssue(report, 'missing_messages_list', message, at)
    return undefined
  }
  const conversation: Conversation = {
    tools,
    lastRole: undefined,
    hasAssistant: false,
    hasUser: false,
    images: 0,
    calls: undefined,
    unanswered: undefined,
  }
  for (let n = 0; n < messages.length && !isHopeless(report); n += 1) {
    checkMessage(report, conversation, messages[n], `${at}[${n}]`)
  }
  if (conversation.images > 0) checkImageCount(report, conversation.images, at)
  return conversation
}

/** OpenAI's bound of one training file. */
const MAX_IMAGE_EXAMPLES = 50_000

function checkImageCount(report: Report, images: number, at: string): void {
  report.images += images
  report.imageExamples += 1
  if (images > report.maxImagesPerExample) {
    const message = `The example has ${images} images; at most ${report.maxImagesPerExample} are allowed.`
    addIssue(report, 'too_many_images', message, at)
  }
  if (report.imageExamples === MAX_IMAGE_EXAMPLES + 1) {
    const message = `More than ${MAX_IMAGE_EXAMPLES} examples of the file have images.`
    addIssue(report, 'too_many_image_examples', message)
  }
}
