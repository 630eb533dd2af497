"""The test cards that Stripe publishes (docs.stripe.com/testing), of the brands that the pharmacy takes.

Each has its test token, and the result of a charge by telephone with the account's default settings: the security code
is given, no address is, and nobody can authenticate on a screen. Cards of other brands (Diners Club, JCB, UnionPay,
Carnet), which the line refuses before it asks any processor, are left out, and so are those for card readers. Numbers
that Stripe publishes without a token have that of the card that answers alike.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivr.payment.cards import Brand, check_number
from ivr.payment.gateway import Reason
from ivr.secret import Secret


@dataclass(frozen=True, slots=True)
class KnownCard:
    """A published test number, its token, and why a charge to it is refused (None if it is not)."""

    number: str
    token: str
    brand: Brand
    refusal: Reason | None = None


_APPROVED = """
4242424242424242 tok_visa
4000056655665556 tok_visa_debit
5555555555554444 tok_mastercard
2223003122003222 tok_mastercard
5200828282828210 tok_mastercard_debit
5105105105105100 tok_mastercard_prepaid
378282246310005  tok_amex
371449635398431  tok_amex
6011111111111117 tok_discover
6011000990139424 tok_discover
6011981111111113 tok_discover
6555900000604105 tok_discover

4000002500001001 tok_visa_cartesBancaires
5555552500001001 tok_mastercard_cartesBancaires
4000050360000001 tok_visa_debit_eftposAuCoBranded
5555050360000080 tok_mastercard_debit_eftposAuCoBranded
4000051230000072 tok_debit_visaFsaProductCode
5200828282828897 tok_mastercard_debit_mastercardFsaProductCode

4000000320000021 tok_ar
4000000760000002 tok_br
4000001240000000 tok_ca
4000001520000001 tok_cl
4000001700000003 tok_co
4000001880000005 tok_cr
4000002180000000 tok_ec
4000004840008001 tok_mx
4000005910000000 tok_pa
4000006000000066 tok_py
4000006040000068 tok_pe
4000008580000003 tok_uy
4000007840000001 tok_ae
5200007840000022 tok_ae_mastercard
4000000400000008 tok_at
4000000560000004 tok_be
4000001000000000 tok_bg
4000001120000005 tok_by
4000001910000009 tok_hr
4000001960000008 tok_cy
4000002030000002 tok_cz
4000002080000001 tok_dk
4000002330000009 tok_ee
4000002460000001 tok_fi
4000002500000003 tok_fr
4000002760000016 tok_de
4000002920000005 tok_gi
4000003000000030 tok_gr
4000003480000005 tok_hu
4000003720000005 tok_ie
4000003800000008 tok_it
4000004280000005 tok_lv
4000004380000004 tok_li
4000004400000000 tok_lt
4000004420000006 tok_lu
4000004700000007 tok_mt
4000005280000002 tok_nl
4000005780000007 tok_no
4000006160000005 tok_pl
4000006200000007 tok_pt
4000006420000001 tok_ro
4000006820000007 tok_sa
4000007050000006 tok_si
4000007030000001 tok_sk
4000007240000007 tok_es
4000007520000008 tok_se
4000007560000009 tok_ch
4000008260000000 tok_gb
4000058260000005 tok_gb_debit
5555558265554449 tok_gb_mastercard
4000000360000006 tok_au
4000001560000002 tok_cn
4000003440000004 tok_hk
4000003560000008 tok_in
4000003920000003 tok_jp
4000004580000002 tok_my
4000005540000008 tok_nz
4000007020000003 tok_sg
4000001580000008 tok_tw
4000007640000003 tok_th_credit
4000057640000008 tok_th_debit

4000000000009235 tok_riskLevelElevated
4000000000000036 tok_avsZipFail
4000058400306072 tok_avsZipFailElevatedRisk
4000000000000028 tok_avsLine1Fail
4000000000000010 tok_avsFail
4000000000000044 tok_avsUnchecked
4000000000000259 tok_createDispute
4000000000002685 tok_createDisputeProductNotReceived
4000000000001976 tok_createDisputeInquiry
4000000000005423 tok_createIssuerFraudRecord
4000000404000079 tok_createMultipleDisputes
4000000404000038 tok_createCe3EligibleDispute
4000008400000779 tok_createComplianceDispute
4000000000007726 tok_pendingRefund
4000000000005126 tok_refundFail
4000000000000077 tok_bypassPending
4000003720000278 tok_bypassPendingInternational
4000003800000446 tok_authenticationRequiredSetupForOffSession
4000000000003055 tok_threeDSecureOptional
4000000000003097 tok_threeDSecureOptionalProcessingError
4000000000001208 tok_visa
4000000000003725 tok_visa
"""

_REFUSED = {
    Reason.DECLINED: """
4000000000000002 tok_chargeDeclined
4000000000000341 tok_chargeCustomerFail
4000000000009987 tok_chargeDeclinedLostCard
4000000000009979 tok_chargeDeclinedStolenCard
4000000000006975 tok_chargeDeclinedVelocityLimitExceeded
4100000000000019 tok_radarBlock
4000000000004954 tok_riskLevelHighest
4000008400001280 tok_threeDSecureRequiredProcessingError
""",
    Reason.INSUFFICIENT_FUNDS: """
4000000000009995 tok_chargeDeclinedInsufficientFunds
4000008260003178 tok_authenticationRequiredChargeDeclinedInsufficientFunds
""",
    Reason.EXPIRED_CARD: """
4000000000000069 tok_chargeDeclinedExpiredCard
""",
    Reason.INCORRECT_CODE: """
4000000000000127 tok_chargeDeclinedIncorrectCvc
4000000000000101 tok_cvcCheckFail
4000058400307872 tok_cvcCheckFailElevatedRisk
""",
    Reason.PROCESSING_ERROR: """
4000000000000119 tok_chargeDeclinedProcessingError
""",
    Reason.NEEDS_APPROVAL: """
4000002500003155 tok_authenticationRequiredOnSetup
4000002760003184 tok_authenticationRequired
4000000000003220 tok_threeDSecure2Required
4000008400001629 tok_threeDSecureRequiredChargeDeclined
4000000000003238 tok_threeDSecure2Required
4000000000003246 tok_threeDSecure2Required
4000000000003253 tok_threeDSecure2Required
4000582600000094 tok_threeDSecure2Required
4000582600000045 tok_threeDSecure2Required
4000582600000102 tok_threeDSecure2Required
4000582600000110 tok_threeDSecure2Required
""",
}

OTHER_TOKENS = {
    "tok_us": "tok_visa",
    "tok_amex_threeDSecureNotSupported": "tok_amex",
    "tok_debit_visaHsaProductCode": "tok_debit_visaFsaProductCode",
    "tok_visa_debit_chargeDeclinedInsufficientFunds": "tok_chargeDeclinedInsufficientFunds",
    "tok_chargeDeclinedFraudulent": "tok_radarBlock",
    "tok_chargeCustomerFailLostCard": "tok_chargeCustomerFail",
    "tok_chargeCustomerFailStolenCard": "tok_chargeCustomerFail",
}
"""Published tokens that have no number of their own -> the token of a card that answers alike."""


def _cards(rows: str, refusal: Reason | None) -> list[KnownCard]:
    pairs = (row.split() for row in rows.split("\n") if row)
    return [_card(number, token, refusal) for number, token in pairs]


def _card(number: str, token: str, refusal: Reason | None) -> KnownCard:
    return KnownCard(number, token, Brand(check_number(Secret(number)).value), refusal)


KNOWN_CARDS: tuple[KnownCard, ...] = (
    *_cards(_APPROVED, None),
    *(card for refusal, rows in _REFUSED.items() for card in _cards(rows, refusal)),
)
