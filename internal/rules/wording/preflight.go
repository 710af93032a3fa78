package wording

import (
	"github.com/govalues/decimal"

	"parcelward/internal/rules"
	"parcelward/internal/rules/policy"
)

// Verdict names what the platform is expected to say of an original.
func Verdict(v rules.Verdict) Text {
	switch v {
	case rules.VerdictReady:
		return Text{"可以提交", "ready"}
	case rules.VerdictLook:
		return Text{"需人工查看", "needs a person's look"}
	case rules.VerdictRefused:
		return Text{"会被驳回", "will be refused"}
	}
	return unknown(v)
}

// Preflight is a finding: what was found, what was expected, and what to do.
func Preflight(f rules.PreflightFinding, pack *policy.Pack) Text {
	what, todo := preflightWhat(&f, pack), preflightTodo(f.Code)
	return what.and(todo)
}

// preflightWhat is what was found and why it matters.
func preflightWhat(f *rules.PreflightFinding, pack *policy.Pack) Text {
	switch f.Code {
	case rules.PreflightForm, rules.PreflightUnread, rules.PreflightUnseen, rules.PreflightSmall, rules.PreflightBlurred,
		rules.PreflightFaint, rules.PreflightGiven:
		return fileWhat(f, pack)
	case rules.PreflightNoNumber, rules.PreflightOtherNumber, rules.PreflightBeside, rules.PreflightInText, rules.PreflightUnsure, rules.PreflightNotCompared,
		rules.PreflightNoShipDate, rules.PreflightShipDate, rules.PreflightNoWeight, rules.PreflightNoVolume:
		return labelWhat(f)
	case rules.PreflightNoOrder:
		return Text{"不知道应属于哪个订单，无法核对。", "It is not known of which order this should be, so that was not compared."}
	case rules.PreflightOutboundPicture, rules.PreflightOutboundNone, rules.PreflightOutboundNameless, rules.PreflightOutboundTime,
		rules.PreflightOutboundEarly, rules.PreflightOutboundLate, rules.PreflightOutboundScan, rules.PreflightSKUsUnknown, rules.PreflightSKUMissing, rules.PreflightSKUOther,
		rules.PreflightQuantity:
		return outboundWhat(f)
	case rules.PreflightNotInbox, rules.PreflightMessagesText, rules.PreflightOtherOrder, rules.PreflightNoBuyer,
		rules.PreflightNotShown, rules.PreflightReceived, rules.PreflightEarlyWords:
		return messagesWhat(f)
	case rules.PreflightNoTimeMark, rules.PreflightTimeMark, rules.PreflightMarkZone, rules.PreflightTimesDiffer, rules.PreflightPeriod,
		rules.PreflightNoPickup, rules.PreflightLatePickup, rules.PreflightPickupEarly, rules.PreflightPaid, rules.PreflightNoAddress, rules.PreflightAddress:
		return proofWhat(f, pack)
	}
	return unknown(f.Code)
}

func fileWhat(f *rules.PreflightFinding, pack *policy.Pack) Text {
	switch f.Code {
	case rules.PreflightForm:
		return both("文件类型 %s 不适用于这种凭证。", "Files of type %s are not taken for this evidence.", f.Measured)
	case rules.PreflightUnread:
		return both("文件无法读取（%s）。", "The file cannot be read (%s).", f.Measured)
	case rules.PreflightUnseen:
		return both("有内容未能自动检查（%s）。", "Something in it could not be examined (%s).", unseen(f.Measured))
	case rules.PreflightSmall:
		return both("图片太小：%s 像素，短边至少应为 %s 像素。", "The picture is small: %s pixels; its shorter side should have at least %s.", f.Measured, f.Wanted)
	case rules.PreflightBlurred:
		return both("图片不清晰：清晰度 %s，应达到 %s。驳回案例中 %s%% 因底单模糊或缺少出库记录。",
			"The picture is not sharp: %s measured, %s expected. Of the refusals %s %% are for a blurred waybill or a missing outbound record.",
			f.Measured, f.Wanted, pack.Claim.EvidenceRejectionPercent.Value)
	case rules.PreflightFaint:
		return both("图片对比度低（%s，应达到 %s），可能过暗、过亮或反光。", "The picture has little contrast (%s, expected %s): too dark, too light or with glare.", f.Measured, f.Wanted)
	case rules.PreflightGiven:
		return both("填写的内容无法识别：%s，应为 %s。", "What was stated cannot be read: %s; expected %s.", f.Measured, f.Wanted)
	default:
		return unknown(f.Code)
	}
}

// unseen says in words what was in the way; details stand as they are.
func unseen(what string) Text {
	switch rules.UnseenCode(what) {
	case rules.UnseenDrawn:
		return Text{"PDF 页面没有内嵌图片，清晰度无从测量", "the PDF's page holds no picture whose sharpness could be measured"}
	case rules.UnseenVideo:
		return Text{"视频画面", "the pictures of a video"}
	case rules.UnseenTime:
		return Text{"条码识别超时", "the search for barcodes ran out of time"}
	case rules.UnseenColumns:
		return Text{"表头里没有 SKU 和时间列", "no columns for SKU and time in the header"}
	default:
		return Text{what, what}
	}
}

func labelWhat(f *rules.PreflightFinding) Text {
	switch f.Code {
	case rules.PreflightNoNumber:
		return both("没有读出运单号 %s 的条码。", "No barcode with the tracking number %s was read.", f.Wanted)
	case rules.PreflightOtherNumber:
		return both("图上的条码是 %s，不是运单号 %s。", "The barcode shown is %s, not the tracking number %s.", f.Measured, f.Wanted)
	case rules.PreflightBeside:
		return both("除运单号 %[2]s 外，还读出了另一个单号 %[1]s。", "Beside the tracking number %[2]s another one is shown: %[1]s.", f.Measured, f.Wanted)
	case rules.PreflightInText:
		return both("文字里有运单号 %s，但没有读出它的条码。", "The text holds the tracking number %s, but no barcode with it was read.", f.Wanted)
	case rules.PreflightUnsure:
		return both("条码识别结果不一致（%s），不能确认是运单号 %s。", "Readings of the barcode do not agree (%s); it cannot be told whether it is %s.", f.Measured, f.Wanted)
	case rules.PreflightNotCompared:
		return Text{"没有运单号可供比对。", "There is no tracking number to compare with."}
	case rules.PreflightNoShipDate:
		return Text{"未填写底单上的发货日期。", "The ship date on the waybill was not stated."}
	case rules.PreflightShipDate:
		return both("底单发货日期 %s 不合理，应 %s。", "The ship date %s on the waybill is doubtful; expected %s.", f.Measured, f.Wanted)
	case rules.PreflightNoWeight:
		return Text{"未填写底单上的重量。", "The weight on the waybill was not stated."}
	case rules.PreflightNoVolume:
		return Text{"未填写底单上的体积。", "The volume on the waybill was not stated."}
	default:
		return unknown(f.Code)
	}
}

func outboundWhat(f *rules.PreflightFinding) Text {
	switch f.Code {
	case rules.PreflightOutboundPicture:
		return Text{"出库记录不是可读取的表格，内容需人工核对。", "The outbound record is no table that can be read; a person must compare it."}
	case rules.PreflightOutboundNone:
		return both("出库记录里没有这一单（%s）。", "The outbound record does not hold this order (%s).", f.Wanted)
	case rules.PreflightOutboundNameless:
		return both("出库记录有的行没有订单号，也没有运单号，无法确认属于这一单（%s）。", "Lines of the outbound record name neither an order nor a parcel: that they are of this one (%s) cannot be told.", f.Wanted)
	case rules.PreflightOutboundEarly:
		return both("出库时间 %s 早于下单时间，应 %s。", "The outbound time %s is before the order; expected %s.", f.Measured, f.Wanted)
	case rules.PreflightOutboundTime:
		return Text{"出库记录缺少时间戳（日期和时刻）。", "The outbound record has no time stamp (date and time of day)."}
	case rules.PreflightOutboundLate:
		return both("出库时间 %s 不早于物流首次扫描，应 %s。", "The outbound time %s is not before the first scan; expected %s.", f.Measured, f.Wanted)
	case rules.PreflightOutboundScan:
		return both("出库时间 %s，但没有物流轨迹可供比对。", "The outbound time is %s, and there is no trace to compare it with.", f.Measured)
	case rules.PreflightSKUsUnknown:
		return Text{"不知道订单的 SKU，无法比对。", "The order's SKUs are not known, so they could not be compared."}
	case rules.PreflightSKUMissing:
		return both("出库记录缺少订单的 SKU %s。", "The outbound record lacks the order's SKU %s.", f.Wanted)
	case rules.PreflightSKUOther:
		return both("出库记录里的 SKU %s 不属于这一单。", "The SKU %s of the outbound record is not in this order.", f.Measured)
	case rules.PreflightQuantity:
		return both("出库数量不符：%s，订单为 %s。", "The outbound quantity differs: %s; the order has %s.", f.Measured, f.Wanted)
	default:
		return unknown(f.Code)
	}
}

func messagesWhat(f *rules.PreflightFinding) Text {
	switch f.Code {
	case rules.PreflightNotInbox:
		return both("这份沟通记录不是系统从平台站内信取得的（来源：%s）。", "These messages were not fetched from the platform's inbox (source: %s).", f.Measured)
	case rules.PreflightMessagesText:
		return Text{"沟通记录是截图或文本，谁说了什么需人工查看。", "The messages are a picture or a text: who wrote what a person must see."}
	case rules.PreflightOtherOrder:
		if f.Measured == "" {
			return both("沟通记录里没有订单 %s 的站内信。", "There is no message about order %s.", f.Wanted)
		}
		return both("沟通记录属于其他订单（%s），不是 %s。", "The messages are about another order (%s), not %s.", f.Measured, f.Wanted)
	case rules.PreflightNoBuyer:
		return Text{"沟通记录里没有买家发来的消息。", "The buyer wrote none of the messages."}
	case rules.PreflightNotShown:
		return both("买家消息里没有认出“未收到货”或“拒收”的说法（最近一条发于 %s）。", "No message of the buyer was recognised as saying that nothing came or that it was refused (the last is of %s).", f.Measured)
	case rules.PreflightReceived:
		return both("买家似乎说过已收到货（%s 的消息）。", "The buyer seems to say that it came (message of %s).", f.Measured)
	case rules.PreflightEarlyWords:
		return both("买家说未收到货或拒收的消息（%s）早于发货，应 %s。", "The buyer's message that nothing came or that it was refused (%s) is from before the shipment; expected %s.", f.Measured, f.Wanted)
	default:
		return unknown(f.Code)
	}
}

func proofWhat(f *rules.PreflightFinding, pack *policy.Pack) Text {
	switch f.Code {
	case rules.PreflightNoTimeMark:
		return Text{"没有时间水印的时间。", "The time of the time mark is not known."}
	case rules.PreflightTimeMark:
		return both("时间水印 %s 不在纠纷期内（%s）。", "The time mark %s is outside the dispute period (%s).", f.Measured, f.Wanted)
	case rules.PreflightMarkZone:
		return both("拍摄时间 %s 没有时区，无法确定是否在纠纷期内（%s）。", "The time %s of the picture names no zone; whether it is inside the dispute period (%s) cannot be told.", f.Measured, f.Wanted)
	case rules.PreflightTimesDiffer:
		return both("填写的时间 %s 与文件自带的拍摄时间不符（%s）。", "The stated time %s contradicts when the picture was taken (%s).", f.Measured, f.Wanted)
	case rules.PreflightPeriod:
		return both("时间水印为 %s，但还没有签收记录或纠纷，纠纷期未知。", "The time mark is %s, and without a delivery or a dispute the dispute period is not known.", f.Measured)
	case rules.PreflightNoPickup:
		if f.Measured != "" {
			return cause(pack, "missing_pickup_time", both("没有填写揽收时间；截图时间 %s 在时限内，须人工确认图上看得到揽收时间。",
				"No pick-up time is stated; the screenshot of %s was taken in time, and a person must see that it shows the pick-up time.", f.Measured))
		}
		return cause(pack, "missing_pickup_time", Text{"揽收截图没有揽收时间。", "The pick-up screenshot has no pick-up time."})
	case rules.PreflightLatePickup:
		return cause(pack, "late_pickup", both("揽收时间 %s 太晚，应 %s。", "The pick-up at %s is late; expected %s.", f.Measured, f.Wanted))
	case rules.PreflightPickupEarly:
		return both("揽收时间 %s 早于下单时间，应 %s。", "The pick-up at %s is before the order; expected %s.", f.Measured, f.Wanted)
	case rules.PreflightPaid:
		return both("揽收时间为 %s，但不知道付款时间，无法判断是否按时。", "The pick-up was at %s, and without the time of payment it cannot be told whether that was in time.", f.Measured)
	case rules.PreflightNoAddress:
		return Text{"面单收件地址未与订单地址比对（缺一方地址）。", "The recipient's address on the label was not compared with the order's: one of them is not known."}
	case rules.PreflightAddress:
		return cause(pack, "address_differs", both("面单收件地址与订单地址不一致（摘要 %s，订单 %s）。", "The recipient's address on the label differs from the order's (hash %s, the order's %s).", f.Measured, f.Wanted))
	default:
		return unknown(f.Code)
	}
}

// cause adds how often a known cause lost a freight complaint.
func cause(pack *policy.Pack, key string, t Text) Text {
	share, known := pack.Complaint.LossCausesPercent.Value[key]
	if !known || share.Cmp(decimal.Zero) <= 0 {
		return t
	}
	return t.and(both("败诉的运费投诉中 %s%% 是这个原因。", "Of the freight complaints that were lost, %s %% were lost for this.", share))
}

// preflightTodo is what to do about a finding.
func preflightTodo(code rules.PreflightCode) Text {
	switch code {
	case rules.PreflightForm:
		return Text{"请上传图片（JPEG、PNG、WebP）、PDF 或页面上列出的其他格式。", "Upload a picture (JPEG, PNG, WebP), a PDF or another form that is listed."}
	case rules.PreflightUnread:
		return Text{"请重新导出或重新拍摄，不要加密，单张图片不超过 5000 万像素。", "Export it or take it again, without a password, a picture with at most 50 megapixels."}
	case rules.PreflightUnseen, rules.PreflightUnsure, rules.PreflightPeriod, rules.PreflightMarkZone:
		return Text{"请打开原件人工确认。", "Open the original and check it yourself."}
	case rules.PreflightSmall, rules.PreflightBlurred, rules.PreflightFaint:
		return Text{"请对准面单、光线充足、手机拿稳，用原图重拍，不要用聊天软件压缩过的图。", "Take it again: close to the label, in good light, with a steady hand, and upload the camera's own file, not one that a chat has shrunk."}
	case rules.PreflightGiven:
		return Text{"请按格式重新填写。", "State it again in that form."}
	case rules.PreflightNoNumber:
		return Text{"请让条码完整、平整、不反光地出现在图中后重拍；确实拍不清时由人工核对单号。", "Take it again with the whole barcode flat and without glare; where that cannot be, a person compares the number."}
	case rules.PreflightOtherNumber:
		return Text{"请换成这个包裹的底单或截图；如运单号已更换，请先在系统中更正。", "Upload this parcel's own label or screenshot; where the number was changed, correct it in the system first."}
	case rules.PreflightBeside:
		return Text{"请看原件：是同一包裹的另一个单号就确认无误；拍到了别的包裹的面单请重拍。", "Open the original: confirm it where both numbers are this parcel's; where another parcel's label is in the picture, take it again."}
	case rules.PreflightInText:
		return Text{"请打开原件，确认条码完整清晰、单号一致；看不到条码的请换成带条码的底单。", "Open the original and see that its barcode is whole and is this number; without a barcode, use the label that has one."}
	case rules.PreflightNoOrder:
		return Text{"请连同订单一起检查（命令行用 --order-file），或人工核对订单号。", "Check it together with its order (on the command line with --order-file), or compare the order number yourself."}
	case rules.PreflightNotCompared:
		return Text{"请先录入运单号再检查。", "Record the tracking number first, then check again."}
	case rules.PreflightNoShipDate, rules.PreflightShipDate, rules.PreflightNoWeight, rules.PreflightNoVolume:
		return Text{"请照底单填写发货日期、重量（千克）和体积（立方厘米），并确认图上看得清。", "State ship date, weight (kg) and volume (cm³) as on the waybill, and make sure that the picture shows them."}
	case rules.PreflightOutboundPicture, rules.PreflightOutboundScan, rules.PreflightSKUsUnknown:
		return Text{"最好从仓库系统导出 CSV 或 XLSX 上传；否则请人工核对时间、SKU 和数量。", "Best upload the CSV or XLSX that the warehouse's system exports; else compare time, SKUs and quantities yourself."}
	case rules.PreflightOutboundNameless:
		return Text{"请让仓库导出带订单号或运单号的记录；否则请人工核对每一行。", "Ask the warehouse for a record with order or tracking numbers; else compare every line yourself."}
	case rules.PreflightOutboundNone, rules.PreflightOutboundTime, rules.PreflightOutboundEarly, rules.PreflightOutboundLate, rules.PreflightSKUMissing,
		rules.PreflightSKUOther, rules.PreflightQuantity:
		return Text{"请让仓库导出这一单真实、完整的出库记录；不要修改记录，改动会被识别。", "Ask the warehouse for this order's true and complete record; do not alter it, alterations are found out."}
	case rules.PreflightNotInbox, rules.PreflightMessagesText:
		return Text{"平台只认站内信：请用系统自动取得的记录，或在卖家后台截取完整对话。", "The platform takes its own inbox only: use the messages that the system fetches, or take the whole conversation in the seller centre."}
	case rules.PreflightOtherOrder:
		return Text{"请换成这一单的站内信。", "Use the messages of this order."}
	case rules.PreflightNoBuyer, rules.PreflightNotShown, rules.PreflightEarlyWords:
		return Text{"请在站内信里请买家写明未收到货或拒收，再重新取得记录。", "Ask the buyer in the platform's inbox to write that nothing came or that it was refused, then fetch the messages again."}
	case rules.PreflightReceived:
		return Text{"请先看完整对话；买家已收到货就不要提交索赔。", "Read the whole conversation; where the buyer has the parcel, do not file."}
	case rules.PreflightNoTimeMark:
		return Text{"请填写画面上时间水印的时间（含时区）；没有水印的请重拍。", "State the time that the picture's mark shows, with its zone; without a mark take it again."}
	case rules.PreflightTimeMark:
		return Text{"请换成纠纷期内拍摄的拒收视频或照片。", "Use a video or photo of the refusal that was taken in the dispute period."}
	case rules.PreflightTimesDiffer:
		return Text{"请照画面更正填写的时间；时间无误的，请人工确认相机时钟或换原件。", "Correct the stated time as the picture shows it; where it is right, confirm that the camera's clock was wrong, or use the true original."}
	case rules.PreflightPickupEarly:
		return Text{"请核对填写的时间和截图是否属于这一单，并换成这个包裹的揽收记录。", "See whether the time and the screenshot are of this order, and use this parcel's own pick-up record."}
	case rules.PreflightNoPickup:
		return Text{"请截取承运商页面上带揽收时间的记录，并填写该时间。", "Take a screenshot of the carrier's page with the pick-up time, and state that time."}
	case rules.PreflightLatePickup:
		return Text{"请核对是否有更早的真实揽收记录；没有的话这项凭证救不了这次投诉。", "Look for an earlier, true pick-up record; where there is none, this proof will not save the complaint."}
	case rules.PreflightPaid:
		return Text{"请先补齐订单付款信息再检查。", "Let the order's payment come in first, then check again."}
	case rules.PreflightNoAddress:
		return Text{"请填写面单上的收件地址（国家、省、市、街道、邮编），或人工比对。", "State the recipient's address as on the label (country, province, city, street, postal code), or compare it yourself."}
	case rules.PreflightAddress:
		return Text{"买家改过地址的，请附上改址站内信；贴错面单的，请换正确的面单。", "Where the buyer changed the address, add the message that says so; where the label is another parcel's, use the right one."}
	}
	return Text{}
}
