import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "./fixture.ts";
import type { Topic } from "./fixture.ts";

const INVALID = "InvalidParameterException";

/** Short messages, devices, and the outbox that keeps what is for them. */
export const phones: Topic = (bench) => {
  test("a short message is kept in the outbox, which says that it was not sent", async () => {
    const { MessageId } = await bench().sns.publish({
      PhoneNumber: "+49 151 123456",
      Message: "hi",
    });
    assert.deepEqual(await bench().outbox(), [
      {
        at: new Date(bench().clock.now()).toISOString(),
        kind: "sms",
        state: "kept here, nothing was sent",
        to: "+49151123456",
        body: "hi",
        messageId: MessageId,
      },
    ]);
    await refused(
      bench().sns.publish({ PhoneNumber: "x", Message: "hi" }),
      INVALID,
      /not valid to publish to/,
    );
    await refused(
      bench().sns.publish({ PhoneNumber: "+49151123456", Message: "x".repeat(1_601) }),
      INVALID,
      /too long/,
    );
    for (const call of [
      bench().sns.checkIfPhoneNumberIsOptedOut({ phoneNumber: "x" }),
      bench().sns.optInPhoneNumber({ phoneNumber: "x" }),
    ]) {
      const words = "Invalid parameter: PhoneNumber Reason: input incorrectly formatted";
      await refused(call, INVALID, words);
    }
  });

  test("a topic's phones get its messages, those that opted out do not", async () => {
    const topic = await bench().topic();
    await bench().subscribe(topic, "sms", "+49151111111");
    await bench().subscribe(topic, "sms", "+49151222222");
    const optOut = await fetch(
      `${bench().server.url}/_waystation/sns/opt-out?phoneNumber=%2B49151222222`,
      { method: "POST" },
    );
    assert.equal(optOut.status, 200);
    await bench().sns.publish({ TopicArn: topic, Message: "hi" });
    await bench().settle();
    assert.deepEqual(
      (await bench().outbox()).map(({ to }) => to),
      ["+49151111111"],
    );
    await refused(
      bench().sns.publish({ PhoneNumber: "+49151222222", Message: "hi" }),
      "OptedOutException",
    );
    const isOptedOut = async (phoneNumber: string): Promise<boolean | undefined> =>
      (await bench().sns.checkIfPhoneNumberIsOptedOut({ phoneNumber })).isOptedOut;
    assert.equal(await isOptedOut("+49151222222"), true);
    assert.equal(await isOptedOut("+49151111111"), false);
    assert.deepEqual((await bench().sns.listPhoneNumbersOptedOut({})).phoneNumbers, [
      "+49151222222",
    ]);
    await bench().sns.optInPhoneNumber({ phoneNumber: "+49151222222" });
    assert.equal(await isOptedOut("+49151222222"), false);
  });

  test("SMS settings are checked and kept", async () => {
    const set = (attributes: Record<string, string>): Promise<unknown> =>
      bench().sns.setSMSAttributes({ attributes });
    const { attributes: fresh } = await bench().sns.getSMSAttributes({});
    assert.deepEqual(fresh, { MonthlySpendLimit: "1" });
    await set({ DefaultSMSType: "Transactional", DefaultSenderID: "Acme" });
    await set({ MonthlySpendLimit: "5" });
    assert.deepEqual(
      (await bench().sns.getSMSAttributes({ attributes: ["DefaultSMSType"] })).attributes,
      {
        DefaultSMSType: "Transactional",
      },
    );
    assert.equal(Object.keys((await bench().sns.getSMSAttributes({})).attributes ?? {}).length, 3);
    await refused(set({ DefaultSMSType: "Loud" }), INVALID);
    await refused(set({ Colour: "red" }), INVALID);
    await set({
      DefaultSMSType: "",
      DefaultSenderID: "",
      DeliveryStatusIAMRole: "",
      DeliveryStatusSuccessSamplingRate: "",
      MonthlySpendLimit: "",
      UsageReportS3Bucket: "",
    });
    assert.deepEqual((await bench().sns.getSMSAttributes({})).attributes, fresh);
  });

  test("sandbox numbers are verified with the code in the outbox", async () => {
    const { sns } = bench();
    assert.equal((await sns.getSMSSandboxAccountStatus({})).IsInSandbox, false);
    const PhoneNumber = "+49151333333";
    await sns.createSMSSandboxPhoneNumber({ PhoneNumber });
    const list = async (): Promise<unknown> =>
      (await sns.listSMSSandboxPhoneNumbers({})).PhoneNumbers;
    assert.deepEqual(await list(), [{ PhoneNumber, Status: "Pending" }]);
    const [{ body = "" } = {}] = await bench().outbox();
    const [OneTimePassword = ""] = /\d{6}/.exec(body) ?? [];
    await refused(
      sns.verifySMSSandboxPhoneNumber({ PhoneNumber, OneTimePassword: "000000" }),
      "VerificationException",
    );
    await sns.verifySMSSandboxPhoneNumber({ PhoneNumber, OneTimePassword });
    assert.deepEqual(await list(), [{ PhoneNumber, Status: "Verified" }]);
    await sns.deleteSMSSandboxPhoneNumber({ PhoneNumber });
    await refused(sns.deleteSMSSandboxPhoneNumber({ PhoneNumber }), "ResourceNotFoundException");
    assert.deepEqual((await sns.listOriginationNumbers({})).PhoneNumbers ?? [], []);
  });

  test("platform applications and endpoints come, change and go", async () => {
    const { sns } = bench();
    const { PlatformApplicationArn } = await sns.createPlatformApplication({
      Name: "app",
      Platform: "APNS",
      Attributes: { PlatformCredential: "secret", PlatformPrincipal: "certificate" },
    });
    assert.equal(PlatformApplicationArn, "arn:aws:sns:us-east-1:000000000000:app/APNS/app");
    await refused(
      sns.createPlatformApplication({
        Name: "app",
        Platform: "PIGEON",
        Attributes: { PlatformCredential: "x" },
      }),
      INVALID,
      /Platform Reason/,
    );
    const again = { PlatformCredential: "new", PlatformPrincipal: "new" };
    await sns.setPlatformApplicationAttributes({
      PlatformApplicationArn,
      Attributes: { SuccessFeedbackSampleRate: "5" },
    });
    await sns.createPlatformApplication({ Name: "app", Platform: "APNS", Attributes: again });
    for (const missing of ["PlatformCredential", "PlatformPrincipal"]) {
      await refused(
        sns.createPlatformApplication({
          Name: "app",
          Platform: "APNS",
          Attributes: { ...again, [missing]: "" },
        }),
        INVALID,
        `Invalid parameter: Attributes Reason: ${missing} is required`,
      );
    }
    const shown = await sns.getPlatformApplicationAttributes({ PlatformApplicationArn });
    assert.deepEqual(shown.Attributes, { Enabled: "true", SuccessFeedbackSampleRate: "5" });
    assert.equal((await sns.listPlatformApplications({})).PlatformApplications?.length, 1);

    const create = (CustomUserData?: string): Promise<{ EndpointArn?: string | undefined }> =>
      sns.createPlatformEndpoint({
        PlatformApplicationArn,
        Token: "0123456789abcdef",
        CustomUserData,
      });
    const { EndpointArn } = await create("data");
    assert.equal((await create("data")).EndpointArn, EndpointArn);
    await refused(
      create("other"),
      INVALID,
      /already exists with the same Token, but different attributes/,
    );
    await sns.setEndpointAttributes({
      EndpointArn,
      Attributes: { Token: "ABC", Enabled: "false" },
    });
    assert.deepEqual((await sns.getEndpointAttributes({ EndpointArn })).Attributes, {
      Enabled: "false",
      Token: "ABC",
      CustomUserData: "data",
    });
    await refused(
      sns.publish({ TargetArn: EndpointArn, Message: "m" }),
      "EndpointDisabledException",
    );
    await sns.setEndpointAttributes({ EndpointArn, Attributes: { Enabled: "true" } });
    await sns.publish({
      TargetArn: EndpointArn,
      MessageStructure: "json",
      Message: JSON.stringify({ default: "all", APNS: "for apples" }),
    });
    const [push] = await bench().outbox();
    assert.deepEqual(
      [push?.["kind"], push?.["to"], push?.["body"]],
      ["push", EndpointArn, "for apples"],
    );
    const structured = (bodies: object): Promise<unknown> =>
      sns.publish({
        TargetArn: EndpointArn,
        MessageStructure: "json",
        Message: JSON.stringify(bodies),
      });
    await structured({ APNS: "no default is needed" });
    assert.deepEqual((await bench().outbox()).map(({ body }) => body).toSorted(), [
      "for apples",
      "no default is needed",
    ]);
    await refused(
      structured({ GCM: "x" }),
      INVALID,
      "Invalid parameter: JSON must contain an entry for 'default' or 'APNS'.",
    );
    for (const arn of ["x", "a:b:c"]) {
      const words = `An ARN must have at least 6 elements, not ${arn.split(":").length}`;
      await refused(
        sns.getEndpointAttributes({ EndpointArn: arn }),
        INVALID,
        `Invalid parameter: EndpointArn Reason: ${words}`,
      );
      await refused(
        sns.getPlatformApplicationAttributes({ PlatformApplicationArn: arn }),
        INVALID,
        `Invalid parameter: PlatformApplicationArn Reason: ${words}`,
      );
    }
    const { Endpoints = [] } = await sns.listEndpointsByPlatformApplication({
      PlatformApplicationArn,
    });
    assert.deepEqual(
      Endpoints.map(({ EndpointArn: arn }) => arn),
      [EndpointArn],
    );
    await sns.deleteEndpoint({ EndpointArn });
    await refused(
      sns.getEndpointAttributes({ EndpointArn }),
      "NotFoundException",
      "Endpoint does not exist",
    );
    await refused(
      sns.publish({ TargetArn: EndpointArn, Message: "m" }),
      INVALID,
      "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
    );
    const remade = await create();
    await sns.deletePlatformApplication({ PlatformApplicationArn });
    await refused(
      sns.publish({ TargetArn: remade.EndpointArn, Message: "m" }),
      INVALID,
      /No endpoint found/,
    );
    await refused(
      sns.getPlatformApplicationAttributes({ PlatformApplicationArn }),
      "NotFoundException",
    );
  });

  test("device tokens are checked, and each has one endpoint", async () => {
    const { sns } = bench();
    const application = async (Platform: string): Promise<string> => {
      const { PlatformApplicationArn = "" } = await sns.createPlatformApplication({
        Name: "app",
        Platform,
        Attributes: { PlatformCredential: "secret", PlatformPrincipal: "certificate" },
      });
      return PlatformApplicationArn;
    };
    const create = async (PlatformApplicationArn: string, Token: string): Promise<string> =>
      (await sns.createPlatformEndpoint({ PlatformApplicationArn, Token })).EndpointArn ?? "";
    const [apple, google] = [await application("APNS_SANDBOX"), await application("GCM")];
    const words =
      "Invalid parameter: Token Reason: iOS device tokens must be no more than 400 hexadecimal characters";
    const EndpointArn = await create(apple, "a".repeat(400));
    for (const Token of ["a".repeat(401), "xyz"]) {
      await refused(create(apple, Token), INVALID, words);
      const change = sns.setEndpointAttributes({ EndpointArn, Attributes: { Token } });
      await refused(change, INVALID, words);
    }
    await create(google, "x".repeat(8_192));
    await refused(create(google, "x".repeat(8_193)), INVALID, /8192 bytes/);
    const other = await create(apple, "b");
    await refused(
      sns.setEndpointAttributes({ EndpointArn, Attributes: { Token: "b" } }),
      INVALID,
      "Invalid parameter: This endpoint is already registered with a different token.",
    );
    assert.equal(await create(apple, "b"), other);
  });

  test("applications and endpoints are known in their own region only", async (t) => {
    const { sns } = bench();
    const { PlatformApplicationArn } = await sns.createPlatformApplication({
      Name: "app",
      Platform: "GCM",
      Attributes: { PlatformCredential: "secret" },
    });
    const device = { PlatformApplicationArn, Token: "t" };
    const { EndpointArn } = await sns.createPlatformEndpoint(device);
    const elsewhere = bench().snsOf(t, { region: "eu-west-1" });
    const Attributes = { Enabled: "false" };
    for (const call of [
      elsewhere.getPlatformApplicationAttributes({ PlatformApplicationArn }),
      elsewhere.setPlatformApplicationAttributes({ PlatformApplicationArn, Attributes }),
      elsewhere.listEndpointsByPlatformApplication({ PlatformApplicationArn }),
      elsewhere.createPlatformEndpoint(device),
      elsewhere.getEndpointAttributes({ EndpointArn }),
      elsewhere.setEndpointAttributes({ EndpointArn, Attributes }),
    ]) {
      await refused(call, "NotFoundException", /does not exist/);
    }
    const published = elsewhere.publish({ TargetArn: EndpointArn, Message: "m" });
    await refused(published, INVALID, /No endpoint found/);
    await elsewhere.deleteEndpoint({ EndpointArn });
    await elsewhere.deletePlatformApplication({ PlatformApplicationArn });
    await sns.publish({ TargetArn: EndpointArn, Message: "still there" });
  });

  test("mail is kept in the outbox when no server is configured, and its link confirms", async () => {
    const topic = await bench().topic({ DisplayName: 'The "shop"' });
    await bench().subscribe(topic, "email", "someone@mail.example");
    await bench().settle();
    const [mail] = await bench().outbox();
    assert.equal(mail?.["kind"], "email");
    assert.equal(mail?.["state"], "kept here, nothing was sent");
    assert.equal(mail?.["from"], '"The shop" <no-reply@sns.localhost>');
    const [link = ""] = /http:\S+/.exec(mail?.["body"] ?? "") ?? [];
    assert.equal((await fetch(link)).status, 200);
    await bench().advance(1);
    await bench().sns.publish({ TopicArn: topic, Subject: "news", Message: "something" });
    await bench().settle();
    const [news] = await bench().outbox();
    assert.equal(news?.["subject"], "news");
    assert.match(news?.["body"] ?? "", /^something\n\n--\n/);
  });
};
