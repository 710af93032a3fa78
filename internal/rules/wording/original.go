package wording

import "parcelward/internal/rules"

// OriginalFault tells what is wrong with a file that was to become evidence, and what to do.
func OriginalFault(f rules.OriginalFault) Text {
	switch f.Code {
	case rules.OriginalEmpty:
		return Text{"文件是空的。请重新导出或拍照后再上传。", "The file is empty. Export it or take the photo again, then upload it."}
	case rules.OriginalTooLarge:
		return both("文件太大：%s，最大 %s。请压缩或截取需要的部分后再上传。", "The file is too large: %s; at most %s. Compress it, or cut it to the part that matters.", f.Found, f.Expected)
	case rules.OriginalType:
		return both("不支持这种文件：内容是 %s，可用的是 %s。手机照片请改存为 JPEG，表格请另存为 CSV UTF-8 或 PDF。",
			"This type is not kept: the content is %s; expected %s. Save photos of a phone as JPEG, spreadsheets as CSV UTF-8 or PDF.", f.Found, f.Expected)
	case rules.OriginalExtension:
		return both("文件名与内容不符：扩展名是 %s，内容是 %s。请改正扩展名；来历不明的文件请勿上传。",
			"The name contradicts the content: the extension is %s, the content is %s. Mend the extension; do not upload a file whose origin you do not know.", f.Found, f.Expected)
	case rules.OriginalEncoding:
		return both("文字编码不对：应为 %s。用记事本或表格软件另存为 UTF-8（CSV UTF-8）后再上传。",
			"The text is not in the right encoding: expected %s. Save it as UTF-8 (CSV UTF-8), then upload it.", f.Expected)
	case rules.OriginalDamaged:
		return both("文件已损坏，无法完整读取（%s）。请重新导出、拍照或下载后再上传。",
			"The file is damaged and cannot be read wholly (%s). Export it, take the photo or download it again.", f.Found)
	case rules.OriginalPixels:
		return both("图片尺寸过大：%s，最大 %s。请缩小或分段截图后再上传。", "The picture is too large: %s; at most %s. Scale it down, or cut it into several.", f.Found, f.Expected)
	case rules.OriginalActive:
		return both("PDF 中含有脚本、程序或附件（%s），不予保存。请用“打印为 PDF”重新生成后再上传。",
			"The PDF holds scripts, programs or files (%s) and is not kept. Print it to PDF anew, then upload that.", f.Found)
	case rules.OriginalOpaque:
		return both("PDF 的内部内容以无法检查的方式压缩（%s），不能确认其中没有脚本，不予保存。请用“打印为 PDF”重新生成后再上传。",
			"The PDF packs its objects so that they cannot be looked through for scripts (%s), so it is not kept. Print it to PDF anew, then upload that.", f.Found)
	case rules.OriginalEncrypted:
		return Text{
			"PDF 已加密，平台和我们都无法查看。请取消密码，或用“打印为 PDF”重新生成后再上传。",
			"The PDF is encrypted, so neither the platform nor we can look into it. Remove the password, or print it to PDF anew.",
		}
	case rules.OriginalHidden:
		return both("文件里夹带了其他内容（%s），不予保存。请重新拍照、截图或导出后再上传。",
			"Something else is hidden in the file (%s), so it is not kept. Take the photo or screenshot, or export it, again.", f.Found)
	}
	return unknown(f.Code)
}
