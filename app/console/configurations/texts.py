"""What every setting means, in one sentence, for the person who sets it."""

# Path in the document -> label, sentence.
SETTING_TEXTS: dict[str, tuple[str, str]] = {
    "name": ("Name", "Shown in this console and, without a name of the site, to people on the page."),
    "description": ("Description", "For you and your colleagues; nobody else sees it."),
    "verifierConfigs.failOnMultipleFacesDetected": (
        "Only one person in the picture",
        "Fails when a second face is seen, even somebody in the background.",
    ),
    "verifierConfigs.liveness.type": (
        "Liveness",
        "Checks that a living person sits there, and not a photo or a recording.",
    ),
    "verifierConfigs.liveness.challengeType": ("Level", "What the person has to do to be believed."),
    "verifierConfigs.faceRecognition.type": (
        "Face recognition",
        "What the face is compared with, and whether it is stored.",
    ),
    "verifierConfigs.faceRecognition.collectionId": (
        "Collection",
        "Faces are stored and searched here; empty means a collection of this verification's own.",
    ),
    "verifierConfigs.faceRecognition.falseMatchRate": (
        "False matches: one in",
        "Of so many pairs of strangers, one is taken for the same person.",
    ),
    "verifierConfigs.faceRecognition.onUncertain": (
        "When a comparison is uncertain",
        "The narrow band in which two faces are neither clearly the same nor clearly different.",
    ),
    "verifierConfigs.age.type": ("Age", "Estimates the age; it can also decide by it."),
    "verifierConfigs.age.threshold": ("Age limit", "In whole years."),
    "verifierConfigs.age.direction": ("Who passes", "People at or above the limit, or people below it."),
    "verifierConfigs.age.buffer": (
        "Buffer",
        "Years around the limit in which an estimate is too uncertain to pass; it is an estimate, after all.",
    ),
    "verifierConfigs.gender.type": ("Gender", "Only ever an estimate, left out when it is not confident."),
    "redirectConfig.passedUrl": (
        "After passing",
        "People go here with the signed result; empty lets them stay on the result page.",
    ),
    "redirectConfig.failedUrl": ("After failing", "The same for those who did not pass."),
    "redirectConfig.allowedRedirectUrls": (
        "Other addresses a link may name",
        "One per line; a link's own targets must be exactly one of these.",
    ),
    "resultParameterConfig.delivery": (
        "How the result travels",
        "In the address, or as a code that your server redeems, so that the address tells nothing.",
    ),
    "resultParameterConfig.includeCustomInputParameters": (
        "Your own parameters",
        "Hands parameters of the link that are not ours back to you.",
    ),
    "resultParameterConfig.includeVerificationSessionId": (
        "Session id",
        "Needed to ask for the whole result.",
    ),
    "resultParameterConfig.includeVerificationId": ("Verification id", "Which verification it was."),
    "resultParameterConfig.includeFaceId": (
        "Face id",
        "Which stored face; the same person has the same one.",
    ),
    "resultParameterConfig.includeVerificationResult": ("Overall result", "Passed or failed."),
    "resultParameterConfig.includeLivenessResult": ("Liveness result", "The line of liveness alone."),
    "resultParameterConfig.includeFaceRecognitionResult": ("Face result", "The line of recognition alone."),
    "resultParameterConfig.includeAgeVerificationResult": ("Age result", "Passed or failed, not the age."),
    "resultParameterConfig.includeAge": (
        "Estimated age",
        "Personal data: addresses end up in histories and logs.",
    ),
    "resultParameterConfig.includeGenderVerificationResult": ("Gender result", "Whether it was estimated."),
    "resultParameterConfig.includeGender": ("Estimated gender", "Personal data, as above."),
    "resultParameterConfig.includeCorrelationId": ("Correlation id", "Your own, echoed."),
    "resultParameterConfig.includeTotalFaceCount": ("Number of faces", "How many faces were seen at once."),
    "resultParameterConfig.includeFailedReason": ("Reason of failing", "One word of a fixed list."),
    "resultParameterConfig.includeExternalId": ("External id", "Your id of the person: personal data."),
    "resultParameterConfig.includeNonce": ("Nonce", "Proves that this result answers your very link."),
    "resultParameterConfig.includeIssuedAt": ("Time of issue", "Lets you refuse a result that is old."),
    "securityConfig.forceSignedInput": (
        "Only signed links",
        "Without it anybody can make links to this verification, with any external id.",
    ),
    "securityConfig.signatureSchemes": ("Signatures accepted", "How links may be signed."),
    "securityConfig.requireNonce": (
        "Every link works once",
        "Refuses links without a nonce, which could be used again until they expire.",
    ),
    "securityConfig.frameAncestors": (
        "Sites that may embed the page",
        "One origin per line, such as https://shop.example; empty means none.",
    ),
    "securityConfig.allowedCountries": (
        "Countries",
        "Two capital letters per line, as in DE; empty means everywhere.",
    ),
    "securityConfig.maxAttempts": ("Attempts per visit", "How often a person may try again within one link."),
    "securityConfig.attemptLimits.failuresBeforePause": (
        "Failed visits before a pause",
        "Counted per external id; NIST SP 800-63B allows ten.",
    ),
    "securityConfig.attemptLimits.pauseSeconds": (
        "Length of the first pause, seconds",
        "Doubled after every further failed visit.",
    ),
    "securityConfig.attemptLimits.hardStop": (
        "Failed visits before the end",
        "From then on this external id is refused until you reset it.",
    ),
    "sessionOverrideConfig.allowVerifierOverrides": (
        "Links may skip verifiers",
        "For return visits with less work; without liveness a photo passes a face comparison.",
    ),
    "sessionOverrideConfig.allowResultParameterOverrides": (
        "Links may choose outputs",
        "Switches single lines of the result on or off.",
    ),
    "sessionOverrideConfig.allowRedirectOverrides": (
        "Links may choose targets",
        "Only signed links, and only addresses on the list above.",
    ),
    "webhookConfig.eventCallbackUrl": ("Address", "Events are sent here, signed; empty sends none."),
    "webhookConfig.events": ("Events", "None ticked means VerificationCompleted alone."),
    "webhookConfig.sendApiKey": (
        "Send X-API-Key",
        "The key that `flask webhooks api-key` keeps; for receivers that cannot check the signature.",
    ),
    "experienceConfig.locale": (
        "Language",
        "`auto` follows the link and the browser; else a code such as de.",
    ),
    "experienceConfig.theme.brandName": ("Name of the site", "People read it on every page of the check."),
    "experienceConfig.theme.accentColor": (
        "Colour of buttons and links",
        "As in #0b6b5d; what could not be read on the page is made darker or lighter.",
    ),
    "experienceConfig.theme.logo": ("Logo", "Upload it under Look; this is its id."),
    **{
        f"experienceConfig.consent.translations.{code}.{part}": (
            f"{name}: own {part}",
            "Comes before the one for every language.",
        )
        for code, name in (("ar", "Arabic"), ("de", "German"), ("en", "English"))
        for part in ("title", "text")
    },
    "experienceConfig.consent.required": (
        "Ask for consent",
        "Shows what is measured and why before the camera opens; switch it off only if your site asked.",
    ),
    "experienceConfig.consent.title": ("Own title", "Replaces the built-in one in every language."),
    "experienceConfig.consent.text": (
        "Own text",
        "Replaces the built-in text in every language; kept as a hash.",
    ),
    "experienceConfig.timeouts.sessionSeconds": (
        "Whole visit, seconds",
        "From opening the link to the result.",
    ),
    "experienceConfig.timeouts.challengeSeconds": (
        "Each attempt, seconds",
        "From camera to the last movement.",
    ),
    "experienceConfig.deviceHandoff": (
        "Offer to go on with a phone",
        "Shows a QR code on computers, which often have no good camera.",
    ),
    "reviewConfig.secondOpinion": ("Two reviewers", "A case is decided when two of them agree."),
    "reviewConfig.deadlineHours": ("Time for a review, hours", "After that the session fails by itself."),
    "retentionConfig.sessionDays": (
        "Sessions, days",
        "After that findings and ids are deleted; 0 deletes them within the hour.",
    ),
    "retentionConfig.faceDays": (
        "Faces, days",
        "Since the last visit; empty keeps them until you delete them.",
    ),
}

# Value of a choice -> how it reads.
CHOICE_TEXTS: dict[str, dict[str, str]] = {
    "verifierConfigs.liveness.type": {"Disabled": "Off", "Verification": "On"},
    "verifierConfigs.liveness.challengeType": {
        "Basic": "Basic: look into the camera (only keeps honest people honest)",
        "Balanced": "Balanced: follow a random movement of the head",
        "Advanced": "Advanced: random movement and random light",
    },
    "verifierConfigs.faceRecognition.type": {
        "Disabled": "Off",
        "CalculationOnly": "Store the face, decide nothing",
        "DuplicateVerification": "Fail if the face is known, else store it",
        "UniqueMatchVerification": "One account per person: enrol once, then compare, never twice",
        "MatchVerification": "Same person as before: enrol once, then compare",
        "Identification": "Find out who it is among the stored faces",
    },
    "verifierConfigs.faceRecognition.onUncertain": {
        "Fail": "Decide strictly at once",
        "Review": "Let a reviewer decide",
    },
    "verifierConfigs.age.type": {
        "Disabled": "Off",
        "CalculationOnly": "Estimate only",
        "ThresholdVerification": "Pass or fail by an age limit",
    },
    "verifierConfigs.age.direction": {"Above": "At or above the limit", "Below": "Below the limit"},
    "verifierConfigs.gender.type": {"Disabled": "Off", "CalculationOnly": "Estimate"},
    "resultParameterConfig.delivery": {
        "Parameters": "In the address",
        "Code": "As a code, redeemed by your server",
    },
    "securityConfig.signatureSchemes": {
        "hmac-sha256": "hmac-sha256 (bound to this verification)",
        "verifeye-sha256": "verifeye-sha256 (old links; not bound to a verification)",
    },
}

# Title, sentence, beginnings of the paths that belong there, and whether it is open from the start.
SECTIONS: tuple[tuple[str, str, tuple[str, ...], bool], ...] = (
    ("In short", "", ("name", "description"), True),
    (
        "Liveness",
        "Is somebody really there?",
        ("verifierConfigs.liveness", "verifierConfigs.failOnMultipleFacesDetected"),
        True,
    ),
    ("Face", "Is it the right person, or a new one?", ("verifierConfigs.faceRecognition",), True),
    ("Age", "Old enough, or young enough?", ("verifierConfigs.age",), True),
    ("Gender", "", ("verifierConfigs.gender",), True),
    ("Way back", "Where people go afterwards.", ("redirectConfig",), True),
    ("Result", "What the address says when they come back.", ("resultParameterConfig",), False),
    ("Security", "Who may open links, and how often.", ("securityConfig",), False),
    ("Overrides", "What a single link may change; never a threshold.", ("sessionOverrideConfig",), False),
    ("Webhooks", "What your server is told.", ("webhookConfig",), False),
    ("Experience", "What people see.", ("experienceConfig",), False),
    ("Review", "Cases that a person decides.", ("reviewConfig",), False),
    ("Retention", "How long things are kept.", ("retentionConfig",), False),
)
