package aliexpress

// The business methods.
const (
	methodOrderList    = "aliexpress.solution.order.get"
	methodOrderInfo    = "aliexpress.solution.order.info.get"
	methodOrderReceipt = "aliexpress.solution.order.receiptinfo.get"
	methodOrderFulfil  = "aliexpress.solution.order.fulfill"
	methodModify       = "aliexpress.logistics.sellermodifiedshipmentfortop"
	methodExtend       = "aliexpress.trade.redefining.extendsbuyeracceptgoodstime"
	methodTracking     = "aliexpress.logistics.redefining.querytrackingresult"
	methodServices     = "aliexpress.logistics.redefining.listlogisticsservice"
	methodAbnormal     = "aliexpress.logistics.abnormalorder.query"
	methodLogistics    = "aliexpress.logistics.querylogisticsorderdetail"
	methodCreate       = "cainiao.global.logistic.order.create"
	methodDocument     = "aliexpress.asf.platform.logistics.document.query"
	methodIssues       = "aliexpress.issue.issuelist.get"
	methodIssue        = "aliexpress.issue.detail.get"
	methodLoans        = "aliexpress.trade.redefining.findloanlistquery"
	methodMessages     = "/message/history/list" // a path of the other protocol
)

// The platform's values that decide something here.
const (
	statusFinish      = "FINISH" // listed only when asked for
	logisticsAccepted = "BUYER_ACCEPT_GOODS"
	fundNotPaid       = "NOT_PAY"
	issueNone         = "NO_ISSUE"
	refundDone        = "refund_ok"
	refundPayout      = "payout_refund"

	allExtInfo = 31 // ext_info_bit_flag: issue, loan, logistics, buyer, refund
)
