import type { Deps } from "../../kernel/operation.ts";
import type { Service } from "../../kernel/service.ts";
import { Outbound } from "../../outbound.ts";
import { ARCHIVE_WORK, archiveTimer } from "./publish/archive.ts";
import type { Senders } from "./delivery/attempt.ts";
import { TOKEN_WORK, tokenTimer } from "./confirmation.ts";
import { DELIVER_WORK } from "./delivery/waiting.ts";
import { EmailSender } from "./delivery/email-sender.ts";
import { refusals } from "./errors.ts";
import { FANOUT_WORK, fanoutTimer } from "./publish/fanout.ts";
import { FORGET_WORK, forgetTimer } from "./forget.ts";
import { HttpSender } from "./delivery/http-sender.ts";
import { HTTP_TIMEOUT_MS, LIMITS } from "./limits.ts";
import { model } from "./model.gen.ts";
import { addPermission } from "./operations/add-permission.ts";
import { checkIfPhoneNumberIsOptedOut } from "./operations/check-if-phone-number-is-opted-out.ts";
import { confirmSubscription } from "./operations/confirm-subscription.ts";
import { createPlatformApplication } from "./operations/create-platform-application.ts";
import { createPlatformEndpoint } from "./operations/create-platform-endpoint.ts";
import { createSmsSandboxPhoneNumber } from "./operations/create-sms-sandbox-phone-number.ts";
import { createTopic } from "./operations/create-topic.ts";
import { deleteEndpoint } from "./operations/delete-endpoint.ts";
import { deletePlatformApplication } from "./operations/delete-platform-application.ts";
import { deleteSmsSandboxPhoneNumber } from "./operations/delete-sms-sandbox-phone-number.ts";
import { deleteTopic } from "./operations/delete-topic.ts";
import { getDataProtectionPolicy } from "./operations/get-data-protection-policy.ts";
import { getEndpointAttributes } from "./operations/get-endpoint-attributes.ts";
import { getPlatformApplicationAttributes } from "./operations/get-platform-application-attributes.ts";
import { getSmsAttributes } from "./operations/get-sms-attributes.ts";
import { getSmsSandboxAccountStatus } from "./operations/get-sms-sandbox-account-status.ts";
import { getSubscriptionAttributes } from "./operations/get-subscription-attributes.ts";
import { getTopicAttributes } from "./operations/get-topic-attributes.ts";
import { listEndpointsByPlatformApplication } from "./operations/list-endpoints-by-platform-application.ts";
import { listOriginationNumbers } from "./operations/list-origination-numbers.ts";
import { listPhoneNumbersOptedOut } from "./operations/list-phone-numbers-opted-out.ts";
import { listPlatformApplications } from "./operations/list-platform-applications.ts";
import { listSmsSandboxPhoneNumbers } from "./operations/list-sms-sandbox-phone-numbers.ts";
import { listSubscriptionsByTopic } from "./operations/list-subscriptions-by-topic.ts";
import { listSubscriptions } from "./operations/list-subscriptions.ts";
import { listTagsForResource } from "./operations/list-tags-for-resource.ts";
import { listTopics } from "./operations/list-topics.ts";
import { optInPhoneNumber } from "./operations/opt-in-phone-number.ts";
import { publishBatch } from "./operations/publish-batch.ts";
import { publish } from "./operations/publish.ts";
import { putDataProtectionPolicy } from "./operations/put-data-protection-policy.ts";
import { removePermission } from "./operations/remove-permission.ts";
import { setEndpointAttributes } from "./operations/set-endpoint-attributes.ts";
import { setPlatformApplicationAttributes } from "./operations/set-platform-application-attributes.ts";
import { setSmsAttributes } from "./operations/set-sms-attributes.ts";
import { setSubscriptionAttributes } from "./operations/set-subscription-attributes.ts";
import { setTopicAttributes } from "./operations/set-topic-attributes.ts";
import { subscribe } from "./operations/subscribe.ts";
import { tagResource } from "./operations/tag-resource.ts";
import { unsubscribe } from "./operations/unsubscribe.ts";
import { untagResource } from "./operations/untag-resource.ts";
import { verifySmsSandboxPhoneNumber } from "./operations/verify-sms-sandbox-phone-number.ts";
import { snsPages } from "./operator-pages.ts";
import { pumpHandler } from "./delivery/pump.ts";
import { REPLAY_WORK, replayTimer } from "./publish/replay.ts";
import { Routes } from "./publish/routes.ts";
import { Signer } from "./signing/signer.ts";
import type { Sns } from "./sns.ts";
import { topicTarget } from "./target.ts";

/** Amazon SNS. */
export function sns(deps: Deps): Service {
  const sns: Sns = { deps, routes: new Routes(), signer: new Signer(deps) };
  return {
    model,
    refusals,
    unsigned: new Set(["ConfirmSubscription", "Unsubscribe"]),
    operations: {
      AddPermission: addPermission(),
      CheckIfPhoneNumberIsOptedOut: checkIfPhoneNumberIsOptedOut(),
      ConfirmSubscription: confirmSubscription(),
      CreatePlatformApplication: createPlatformApplication(),
      CreatePlatformEndpoint: createPlatformEndpoint(sns),
      CreateSMSSandboxPhoneNumber: createSmsSandboxPhoneNumber(sns),
      CreateTopic: createTopic(sns),
      DeleteEndpoint: deleteEndpoint(),
      DeletePlatformApplication: deletePlatformApplication(),
      DeleteSMSSandboxPhoneNumber: deleteSmsSandboxPhoneNumber(),
      DeleteTopic: deleteTopic(sns),
      GetDataProtectionPolicy: getDataProtectionPolicy(),
      GetEndpointAttributes: getEndpointAttributes(),
      GetPlatformApplicationAttributes: getPlatformApplicationAttributes(),
      GetSMSAttributes: getSmsAttributes(),
      GetSMSSandboxAccountStatus: getSmsSandboxAccountStatus(sns),
      GetSubscriptionAttributes: getSubscriptionAttributes(),
      GetTopicAttributes: getTopicAttributes(),
      ListEndpointsByPlatformApplication: listEndpointsByPlatformApplication(),
      ListOriginationNumbers: listOriginationNumbers(),
      ListPhoneNumbersOptedOut: listPhoneNumbersOptedOut(),
      ListPlatformApplications: listPlatformApplications(),
      ListSMSSandboxPhoneNumbers: listSmsSandboxPhoneNumbers(),
      ListSubscriptionsByTopic: listSubscriptionsByTopic(),
      ListSubscriptions: listSubscriptions(),
      ListTagsForResource: listTagsForResource(),
      ListTopics: listTopics(),
      OptInPhoneNumber: optInPhoneNumber(),
      PublishBatch: publishBatch(sns),
      Publish: publish(sns),
      PutDataProtectionPolicy: putDataProtectionPolicy(),
      RemovePermission: removePermission(),
      SetEndpointAttributes: setEndpointAttributes(),
      SetPlatformApplicationAttributes: setPlatformApplicationAttributes(),
      SetSMSAttributes: setSmsAttributes(),
      SetSubscriptionAttributes: setSubscriptionAttributes(sns),
      SetTopicAttributes: setTopicAttributes(sns),
      Subscribe: subscribe(sns),
      TagResource: tagResource(),
      Unsubscribe: unsubscribe(sns),
      UntagResource: untagResource(),
      VerifySMSSandboxPhoneNumber: verifySmsSandboxPhoneNumber(),
    },
    target: topicTarget(sns),
    work: {
      [ARCHIVE_WORK]: archiveTimer(sns),
      [DELIVER_WORK]: pumpHandler(sns, sendersOf(deps)),
      [FANOUT_WORK]: fanoutTimer(sns),
      [FORGET_WORK]: forgetTimer(sns),
      [REPLAY_WORK]: replayTimer(sns),
      [TOKEN_WORK]: tokenTimer(),
    },
    maxRequestBytes: LIMITS.requestBytes,
    pages: snsPages(sns),
  };
}

function sendersOf({ settings }: Deps): Senders {
  const timeoutMs = Number(settings.option("sns.httpTimeoutMs") ?? HTTP_TIMEOUT_MS);
  const smtpUrl = settings.option("sns.smtpUrl");
  const outbound = new Outbound({
    allowMetadataAddresses: settings.option("sns.allowMetadataAddresses") === "true",
    connectionsPerHost: LIMITS.connectionsPerHost,
    connectTimeoutMs: timeoutMs,
  });
  return {
    http: new HttpSender(outbound, {
      timeoutMs,
      allowForeignRedirects: settings.option("sns.allowForeignRedirects") === "true",
    }),
    email: smtpUrl === undefined ? undefined : new EmailSender(smtpUrl, timeoutMs),
  };
}
